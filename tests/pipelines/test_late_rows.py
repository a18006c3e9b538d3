"""Rows that come after their window has closed: counted, kept or refused, as the table says."""

from __future__ import annotations

import pytest
from pipeline_flow import Flow, jsons

from tidemill.engine import Progress
from tidemill.errors import EngineError

pytestmark = pytest.mark.servers

COLUMNS = "id BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND"
WINDOW = """INSERT INTO o SELECT window_start, COUNT(*)
FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
"""


def row(number: int, minute: int, second: int = 0) -> dict[str, object]:
    return {"id": number, "ts": f"2026-01-05 09:{minute:02}:{second:02}"}


IN_TIME = jsons([row(1, 0, 10), row(2, 0, 50), row(3, 0, 20), row(4, 2, 0)])
LATE = jsons([row(5, 0, 30), row(6, 2, 1), row(7, 0, 59)])


def run(flow: Flow, mode: str) -> tuple[Progress, str]:
    """Two runs, so that what is late is so for sure; the second reads the late rows."""
    topic = flow.topic("in", *IN_TIME)
    out = f"{flow.name}-out"
    flow.run(
        flow.kafka("s", COLUMNS, topic, late_handling__mode=mode),
        flow.kafka("o", "begins TIMESTAMP(3), n BIGINT", out),
        WINDOW,
    )
    assert flow.rows(out) == [{"begins": "2026-01-05 09:00:00", "n": 3}]
    flow.send(topic, LATE)
    return flow.run(), out


@pytest.mark.parametrize("mode", ["drop", "table"])
def test_late_rows_are_counted_and_kept_where_wanted(flow: Flow, mode: str) -> None:
    progress, out = run(flow, mode)
    assert len(flow.rows(out)) == 1
    counters = progress.counters
    assert (progress.records, progress.late, progress.dead_letters) == (7, 2, 0)
    assert counters["source.s.rows"] == 7
    late = f"{flow.name}.s.late"
    if mode == "drop":
        assert late not in {info.name for info in flow.admin.topics()}
    else:
        assert [late_row["id"] for late_row in flow.rows(late)] == [5, 7]
        flow.run()
        assert len(flow.rows(late)) == 2


def test_in_the_mode_fail_a_late_row_stops_the_pipeline(flow: Flow) -> None:
    with pytest.raises(EngineError) as caught:
        run(flow, "fail")
    error = caught.value
    assert error.code == "engine.late-row"
    assert "table s" in str(error.where)
    assert "WATERMARK" in (error.hint or "")


def test_a_row_without_an_event_time_is_set_aside(flow: Flow) -> None:
    messages = [*IN_TIME, '{"id": 9, "ts": null}', '{"id": 10, "ts": "yesterday"}']
    topic = flow.topic("in", *messages)
    out = f"{flow.name}-out"
    progress = flow.run(
        flow.kafka("s", COLUMNS, topic),
        flow.kafka("o", "begins TIMESTAMP(3), n BIGINT", out),
        WINDOW,
    )
    assert flow.rows(out) == [{"begins": "2026-01-05 09:00:00", "n": 3}]
    assert progress.dead_letters == 2
    letters = {letter["position"]: letter for letter in flow.letters()}
    assert letters["4"]["code"] == "engine.null-rowtime"
    assert letters["4"]["value"] == messages[4].encode()
    assert letters["5"]["code"] == "format.type-mismatch"
