"""The simulation: no anomalies in the engine as it is, and the same seed gives the same trace."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tidemill.testing import crash_points
from tidemill.testing.simulation import __main__ as command
from tidemill.testing.simulation import run_seed
from tidemill.testing.simulation.campaign import Tally, quiet, run_range
from tidemill.testing.simulation.run import SEEDS_AN_INPUT
from tidemill.testing.simulation.scenarios import SCENARIOS


def digest(seeds: list[int], work: Path) -> str:
    """One text for the traces of many seeds."""
    with quiet():
        traces = [run_seed(seed, work).trace for seed in seeds]
    return hashlib.blake2b(json.dumps(traces).encode()).hexdigest()


def test_a_slice_of_every_scenario_has_no_anomalies() -> None:
    total = Tally()
    for place in range(len(SCENARIOS)):
        total.merge(run_range(place * SEEDS_AN_INPUT, 40))
    assert [(o.seed, o.anomalies) for o in total.failed] == []
    assert set(total.scenarios) == {scenario.name for scenario in SCENARIOS}
    assert total.faults.total() > 200
    assert all(total.faults[f"the engine dies at {point}"] for point in crash_points.POINTS)
    assert sum(total.lives.values()) > 1.3 * total.seeds


def test_the_same_seed_has_the_same_trace_in_another_process(tmp_path: Path) -> None:
    seeds = [0, 1, 205, 411, 612, 830, 1001, 1204]
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_simulation import digest
print(digest({seeds}, Path({str(tmp_path)!r})))
"""
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    found = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert found == digest(seeds, tmp_path) == digest(seeds, tmp_path)


def test_the_command_says_what_it_ran(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--seeds", "5", "--first", "20", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["seeds"], said["anomalies"], said["failed"]) == (5, 0, [])
    assert command.main(["--first", "20", "--trace"]) == 0
    assert "no anomalies" in capsys.readouterr().out
    assert command.main(["--seeds", "3"]) == 0
    assert "seeds 0 to 2: 0 with anomalies" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        command.main(["--seeds", "0"])
    assert ended.value.code == 2
