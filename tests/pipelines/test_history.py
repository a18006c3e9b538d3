"""History, then live, through the whole pipeline: killed in between, and counted."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pyarrow as pa
import pytest
from pipeline_flow import Flow, Postgres
from pyarrow import parquet

from tidemill.control.account import account, committed_positions
from tidemill.control.project_context import project_for
from tidemill.control.why_not.ask import why_not
from tidemill.control.why_not.place import Place
from tidemill.errors import TidemillError
from tidemill.interfaces.history import HistoryProof

pytestmark = pytest.mark.servers

COLUMNS = "id BIGINT, ts TIMESTAMP(3)"
FENCE = {
    "scan__startup__mode": "",
    "scan__history__table": "past",
    "scan__history__fence": "offset-columns",
    "scan__history__partition_column": "p",
    "scan__history__offset_column": "o",
}
HISTORY, ALL = 90_000, 90_400


def second(number: int) -> str:
    at = number // 100
    return f"2026-01-05 {at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}"


def path_of(flow: Flow) -> str:
    return str(flow.folder / f"{flow.name}.sql")


def proof_of(flow: Flow) -> HistoryProof | None:
    positions = committed_positions(project_for(path_of(flow), None), flow.name)
    return None if positions is None else HistoryProof.of(positions["events"])


def test_windows_are_whole_though_the_run_is_killed_in_the_history_and_behind_it(
    flow: Flow,
) -> None:
    rows = [{"id": i, "ts": second(i)} for i in range(ALL)]
    topic = flow.topic("in", *[json.dumps(row) for row in rows])
    past = flow.folder / "past"
    past.mkdir()
    for part, first in enumerate(range(0, HISTORY + 100, 15_000)):
        ids = range(first, min(first + 15_000, HISTORY))
        times = pa.array([rows[i]["ts"] for i in ids]).cast(pa.timestamp("ms"))
        zeros = pa.array([0] * len(ids), pa.int32())
        part_rows = pa.table({"id": ids, "ts": times, "p": zeros, "o": ids})
        parquet.write_table(part_rows, past / f"{part}.parquet", row_group_size=5_000)
    out = flow.topic("out")
    flow.write(
        f"CREATE TABLE past ({COLUMNS}, p INT, o BIGINT) WITH ('connector' = 'filesystem', "
        "'path' = 'past', 'format' = 'parquet');",
        flow.kafka("events", f"{COLUMNS}, WATERMARK FOR ts AS ts", topic, **FENCE),
        flow.kafka("seconds", "w TIMESTAMP(3), n BIGINT, low BIGINT", out),
        "INSERT INTO seconds SELECT window_start, COUNT(*), MIN(id) FROM "
        "TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' SECOND)) "
        "GROUP BY window_start, window_end;",
    )
    killed: list[HistoryProof | None] = []
    for point in ("after-decider-commit:1", "after-checkpoint-written:2", "after-all-commits:1"):
        process = flow.start("--until-caught-up", env={"TIDEMILL_CRASH_AT": point})
        _, errors = process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL), errors
        if process.returncode:
            killed.append(proof_of(flow))
    assert any(proof is not None and not proof.done for proof in killed)
    process = flow.start("--until-caught-up")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert f"events: the history past has been read: {HISTORY:,} rows, 0 behind" in errors
    assert f"partition 0 from offset {HISTORY:,} (it held all from 0 on)" in errors
    assert "events: no gap, nothing twice" in errors
    got = [(row["n"], row["low"]) for row in flow.rows(out)]
    # The newest second is open: a topic goes on.
    assert got == [(100, first) for first in range(0, ALL - 100, 100)]
    found = account(None, path_of(flow))
    assert not found.unaccounted and found.came == ALL
    assert found.histories["events"].as_dict()["gap"] == "none"
    fate = why_not(None, path_of(flow), Place(topic, 0, 5))
    assert fate.ended == "history"


def test_a_table_of_postgres_as_history(flow: Flow, postgres: Postgres) -> None:
    """Rows behind the fence come from the topic, whatever the table holds by then."""
    postgres.create("id BIGINT PRIMARY KEY, p INT, o BIGINT")
    for i in range(6):
        postgres.connection.execute(
            f"INSERT INTO {postgres.table} VALUES (%s, 0, %s)".encode(), (i, i)
        )
    topic = flow.topic("in", *[json.dumps({"id": i}) for i in range(10)])
    out = flow.topic("out")
    progress = flow.run(
        postgres.jdbc("past", "id BIGINT, p INT, o BIGINT"),
        flow.kafka("events", "id BIGINT", topic, **FENCE),
        flow.kafka("copy", "id BIGINT", out),
        "INSERT INTO copy SELECT id FROM events;",
    )
    assert [row["id"] for row in flow.rows(out)] == list(range(10))
    assert progress.histories["events"].fence == {"0": 6}


def test_the_text_is_checked(tmp_path: Path) -> None:
    from tidemill.control.run import run

    path = tmp_path / "p.sql"
    flow = Flow(tmp_path, "p", "127.0.0.1:1")
    path.write_text(flow.kafka("events", "id BIGINT", "t", **FENCE) + "SELECT * FROM events;")
    with pytest.raises(TidemillError) as caught:
        run(str(path))
    assert caught.value.code == "sql.unknown-table"
