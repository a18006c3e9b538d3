"""The clickstream demo, as a user runs it: interrupted, brought to its end, and on Kinesis."""

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from tidemill.control.demo.clickstream_iot.chart import latency_html, latency_text
from tidemill.control.demo.clickstream_iot.generate import CLOCK, Buildings
from tidemill.control.demo.folder import demo_folder, find_example
from tidemill.control.demo.model import DemoRequest
from tidemill.control.demo.run import run_demo
from tidemill.control.down import down
from tidemill.errors import UsageError

ROWS = 1_500


def test_minutes_are_the_same_for_a_seed_however_many_are_asked_for():
    ten, twenty = (list(Buildings(3).minutes(n)) for n in (10, 20))
    assert twenty[:10] == ten
    assert list(Buildings(4).minutes(10)) != ten
    for messages in (
        [r for m in twenty for r in m.readings],
        [c for m in twenty for c in m.clicks],
    ):
        assert [m.arrived_at for m in messages] == sorted(m.arrived_at for m in messages)
    changed = [d.device_id for m in twenty[1:] for d in m.changes]
    assert changed.count(CLOCK) == 19
    assert len(changed) > 25
    times = [d.updated_at for m in twenty[1:] for d in m.changes]
    assert times == sorted(times)


def test_both_pipelines_are_the_same_below_their_tables():
    folder = find_example("clickstream_iot") / "pipelines"
    kafka, kinesis = (
        (folder / f"{name}.sql").read_text().partition("\n-- 2. ")[2]
        for name in ("clickstream_iot", "clickstream_iot_kinesis")
    )
    assert kafka == kinesis
    assert "EXECUTE STATEMENT SET" in kafka


def test_the_example_is_a_project_whose_pipelines_pass():
    from tidemill.control.check import check

    folder = find_example("clickstream_iot")
    assert [error for result in check([], folder) for error in result.errors] == []


def test_an_option_of_another_example_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no --kinesis") as caught:
        run_demo(DemoRequest("shop_sessions", tmp_path, options=frozenset({"kinesis"})), print)
    assert "clickstream_iot" in caught.value.hint


@dataclass(frozen=True)
class Measured:
    engine: str
    p50: float
    p95: float
    p99: float


def test_the_chart_has_a_bar_for_each_engine():
    found = [Measured("A <x>", 4.0, 9.0, 20.0), Measured("B", 900.0, 1500.0, 2100.0)]
    lines = latency_text(found).splitlines()
    assert len(lines) == 3
    assert lines[1].count("█") < lines[2].count("█")
    page = latency_html(found, 200)
    assert "A &lt;x&gt;" in page and "1,000 ms" in page
    widths = [float(w) for w in re.findall(r'<rect [^>]*width="([\d.]+)"', page)]
    assert len(widths) == 6 and max(widths[:3]) < min(widths[3:])
    assert latency_text([]) == "no engine could be measured"
    assert "<svg" in latency_html([], 200)


@pytest.mark.servers
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_stopped_in_the_middle_and_brought_to_its_end(tmp_path, notebook_outputs):
    command = [sys.executable, "-m", "tidemill.cli", "demo", "clickstream_iot", "--json"]
    command += ["--rows", str(ROWS)]
    try:
        first = subprocess.Popen(
            [*command, "--rate", "500"], cwd=tmp_path, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        for line in first.stderr:
            if re.match(r"inserted 1,\d", line):
                break
        time.sleep(0.5)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=120)
        assert first.returncode == 130

        command += ["--kinesis", "--keep"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stderr
        outcome = json.loads(done.stdout)
        assert outcome["ok"] is True
        rows = {c["what"]: c["rows"] for c in outcome["comparisons"]}
        assert len(rows) == 12 and all(rows.values()), rows
        assert all(rows[f"on Kinesis: {what}"] == rows[what] for what in list(rows)[:6])
        assert outcome["facts"]["device_versions"] > 40
        assert outcome["facts"]["readings"] > ROWS * 0.9
        folder = demo_folder(tmp_path, "clickstream_iot", None)
        shown = notebook_outputs(folder / "notebooks" / "clickstream_iot.ipynb")
        assert shown == ["text", "table", "table", "chart", "table", "chart", "table", "text"]
    finally:
        down(demo_folder(tmp_path, "clickstream_iot", None) / ".tidemill")
