"""What a run publishes of itself, and what status and metrics make of it."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.control.lag_clock import LagClock
from tidemill.control.live_state import FILE, RunOf, publishing, read_live
from tidemill.control.metrics import metrics_text
from tidemill.control.pipeline_states import pipeline_state, pipeline_states
from tidemill.control.project_context import open_project
from tidemill.control.run import run
from tidemill.errors import EngineError

PIPELINE = """
CREATE TABLE orders (id BIGINT, shop INT, ts AS LOCALTIMESTAMP,
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'datagen', 'rows-per-second' = '{rate}', {bound}
  'fields.shop.min' = '1', 'fields.shop.max' = '3', 'fields.id.kind' = 'sequence',
  'fields.id.start' = '1', 'fields.id.end' = '100000');
CREATE TABLE per_shop (window_start TIMESTAMP(3), shop INT, n BIGINT)
WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
INSERT INTO per_shop SELECT window_start, shop, COUNT(*)
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' SECOND))
WHERE id > 10 GROUP BY window_start, window_end, shop;
"""


def project_at(folder: Path, *, rate: int = 1000, rows: int | None = None) -> Path:
    (folder / "pipelines").mkdir()
    (folder / "tidemill.yaml").write_text("name: shop\npipelines: [pipelines/*.sql]\n")
    bound = "" if rows is None else f"'number-of-rows' = '{rows}',"
    (folder / "pipelines" / "sales.sql").write_text(PIPELINE.format(rate=rate, bound=bound))
    return folder


def samples(text: str) -> dict[str, float]:
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            assert re.fullmatch(
                r'tidemill_[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? \S+', line
            )
            name, _, value = line.rpartition(" ")
            assert name not in found, name
            found[name] = float(value)
    return found


def test_a_finished_run_leaves_its_counts_for_status_and_metrics(tmp_path):
    folder = project_at(tmp_path, rate=100_000, rows=500)
    assert pipeline_states(open_project(folder))[0].state == "never-run"
    run("sales", folder)
    project = open_project(folder)
    state = pipeline_state(project, "sales")
    assert (state.state, state.runs, state.number("rows_in")) == ("finished", False, 500)
    assert [edge["rows"] for edge in state.graph()["edges"]] == [500, state.number("rows_out")]
    found = samples(metrics_text(project))
    assert found['tidemill_pipeline_up{pipeline="sales"}'] == 0
    assert found['tidemill_pipeline_state{pipeline="sales",state="finished"}'] == 1
    rows = 'tidemill_source_rows_total{pipeline="sales",table="orders",outcome="rows"}'
    assert found[rows] == 500
    filtered = 'tidemill_operator_rows_total{pipeline="sales",operator="a0",outcome="filtered"}'
    assert found[filtered] == 10
    assert found['tidemill_epoch_duration_seconds_count{pipeline="sales"}'] >= 1
    assert (
        found['tidemill_epoch_duration_seconds_bucket{pipeline="sales",le="+Inf"}']
        == found['tidemill_epoch_duration_seconds_count{pipeline="sales"}']
    )
    assert any(name.startswith("tidemill_sink_commit_duration_seconds_sum") for name in found)
    # Nothing is said about the present of a pipeline that does not run.
    assert not any("lag" in name or "age" in name for name in found)


def test_a_running_pipeline_is_seen_from_another_process_and_after_kill(tmp_path):
    folder = project_at(tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-m", "tidemill.cli", "run", "sales", "-C", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        project = open_project(folder)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            state = pipeline_state(project, "sales")
            if state.runs and (state.number("rows_out") or 0) > 0:
                break
            time.sleep(0.1)
        assert (state.state, state.pid) == ("running", child.pid)
        assert state.watermark_lag_s is not None and 0 < state.watermark_lag_s < 60
        assert state.epoch_age_s is not None
        assert state.lag_s is not None and state.lag_s < 5
        assert any("sales" in s or "orders" in s for s in state.sentences())
        found = samples(metrics_text(project))
        assert found['tidemill_pipeline_up{pipeline="sales"}'] == 1
        assert 'tidemill_source_watermark_lag_seconds{pipeline="sales",table="orders"}' in found
        # A second run is turned away and does not touch what the first one publishes.
        with pytest.raises(EngineError, match="another engine"):
            run("sales", folder)
        assert pipeline_state(project, "sales").state == "running"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    state = pipeline_state(project, "sales")
    assert (state.state, state.pid) == ("killed", None)
    assert found.keys() > samples(metrics_text(project)).keys()


def test_a_failed_run_says_why(tmp_path):
    class Engine:
        def __init__(self, real):
            self.real = real
            self.job = real.job

        def progress(self):
            return self.real.progress()

    seen = {}
    folder = project_at(tmp_path, rows=5)
    run("sales", folder, started=lambda engine: seen.setdefault("engine", engine))
    state = folder / ".tidemill" / "pipelines" / "sales"
    with (
        pytest.raises(EngineError),
        publishing(Engine(seen["engine"]), RunOf("shop", "sales", state)),
    ):
        raise EngineError("the disk is on fire", code="engine.internal")
    live = read_live(state)
    assert live is not None and "the disk is on fire" in live["error"]
    assert (state / FILE).stat().st_mode & 0o777 == 0o600
    (state / FILE).write_text(json.dumps({**live, "version": 99}))
    assert read_live(state) is None


@given(
    steps=st.lists(
        st.tuples(st.floats(0.1, 5), st.integers(0, 50), st.integers(0, 50)),
        min_size=1,
        max_size=40,
    )
)
def test_lag_in_seconds_is_never_negative_nor_longer_than_the_look(steps):
    clock, now_s, read, end = LagClock(), 1000.0, 0, 0
    for passed_s, arrived, taken in steps:
        now_s += passed_s
        end += arrived
        read = min(end, read + taken)
        lag_s = clock.see(now_s, {"t": read}, {"t": end - read})["t"]
        assert 0 <= lag_s <= now_s - 1000.0
        assert (lag_s == 0) or read < end


def test_lag_in_seconds_is_the_age_of_the_next_record():
    clock = LagClock()
    assert clock.see(0, {"t": 0}, {"t": 0}) == {"t": 0.0}
    for second in range(1, 11):  # ten records a second come and none is read
        assert clock.see(second, {"t": 0}, {"t": second * 10})["t"] == second
    assert clock.see(10, {"t": 50}, {"t": 50})["t"] == pytest.approx(5.0)
    assert clock.see(10, {"t": 55}, {"t": 45})["t"] == pytest.approx(4.5)
    assert clock.see(11, {"t": 100}, {"t": 0})["t"] == 0.0
