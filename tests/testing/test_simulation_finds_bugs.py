"""The simulation finds each bug that is put into the engine on purpose, and none without one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import engine_bugs

from tidemill.testing.simulation import run_seed
from tidemill.testing.simulation.campaign import quiet
from tidemill.testing.simulation.run import SEEDS_AN_INPUT
from tidemill.testing.simulation.scenarios import SCENARIOS

SEEDS_MAX = 300
"""Within so many seeds, over all scenarios by turns, each bug must be found."""


def found_after(bug: engine_bugs.Put, work: Path) -> tuple[int, str] | None:
    """How many seeds it takes to find a bug, and what the simulation says then."""
    with quiet(), engine_bugs.engine_with(bug):
        for number in range(SEEDS_MAX):
            place, scenario = divmod(number, len(SCENARIOS))
            try:
                outcome = run_seed(scenario * SEEDS_AN_INPUT + place, work)
            except AssertionError as error:  # it is even seen without any fault
                return number + 1, str(error)
            if outcome.anomalies:
                return number + 1, outcome.anomalies[0]
    return None


@pytest.mark.parametrize("bug", engine_bugs.BUGS, ids=lambda bug: bug.__name__)
def test_a_bug_is_found(bug: engine_bugs.Put, tmp_path: Path) -> None:
    assert found_after(bug, tmp_path) is not None


def test_without_a_bug_there_is_nothing_to_find(tmp_path: Path) -> None:
    def nothing(_put: object) -> None:
        """No change."""

    with quiet(), engine_bugs.engine_with(nothing):
        assert not run_seed(3 * SEEDS_AN_INPUT + 17, tmp_path).anomalies
