"""A pipeline whose text changes: what `plan` says, and what `apply` does, on a real broker."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
from pipeline_flow import CLI, Flow, ended

from tidemill.control.account import account
from tidemill.control.change.apply import apply_change
from tidemill.control.change.planned import ChangePlan, plan_change
from tidemill.control.change.side_by_side import side_by_side
from tidemill.control.project_context import project_for
from tidemill.control.run import run
from tidemill.engine.checkpoint import Checkpoint, CheckpointStore
from tidemill.errors import EngineError, UserError

pytestmark = pytest.mark.servers

COLUMNS = "id BIGINT, k STRING, v BIGINT"
SUMS = "k STRING, total BIGINT, PRIMARY KEY (k) NOT ENFORCED"
ROWS = [{"id": i, "k": "abc"[i % 3], "v": i} for i in range(30)]
BY_KEY = "SELECT k, SUM(v) FROM s GROUP BY k"


def sent(flow: Flow, rows: list[dict[str, Any]]) -> str:
    topic = f"{flow.name}-in"
    if topic not in {found.name for found in flow.admin.topics()}:
        flow.topic("in")
    flow.send(topic, [json.dumps(row) for row in rows])
    return topic


def upsert(flow: Flow, table: str, columns: str = SUMS) -> str:
    """A keyed table over a topic of its name."""
    return flow.kafka(
        table, columns, f"{flow.name}-{table}", connector="upsert-kafka", format="",
        key__format="json", value__format="json", scan__startup__mode="",
    )  # fmt: skip


def text(flow: Flow, *statements: str, more: str = "") -> None:
    """The pipeline's file: source `s`, keyed sinks `totals` and `others`, plain `o` and `p`."""
    inserts = " ".join(f"INSERT INTO {one};" for one in statements)
    flow.write(
        flow.kafka("s", COLUMNS + more, f"{flow.name}-in"),
        upsert(flow, "totals"),
        upsert(flow, "others"),
        flow.kafka("o", COLUMNS, f"{flow.name}-o"),
        flow.kafka("p", COLUMNS, f"{flow.name}-p"),
        f"EXECUTE STATEMENT SET BEGIN {inserts} END;",
    )


def planned(flow: Flow, **more: Any) -> ChangePlan:
    return plan_change(str(flow.folder / f"{flow.name}.sql"), **more)


def fates(plan: ChangePlan, kind: str = "operator") -> dict[str, str]:
    return {one.title: one.fate for one in plan.of_kind(kind) if one.fate != "gone"}


@pytest.fixture
def ran(flow: Flow) -> Flow:
    """A pipeline that has summed up 30 rows."""
    sent(flow, ROWS)
    text(flow, f"totals {BY_KEY}")
    flow.run(row_per_record=False)
    return flow


def test_plan_says_what_is_kept(ran: Flow) -> None:
    same = planned(ran)
    assert (same.verdict, same.reads) == ("unchanged", ())
    behind = f"totals SELECT * FROM ({BY_KEY}) AS q (k, total) WHERE total > 3"
    text(ran, behind, "o SELECT id, k, v FROM s WHERE v > 25")
    found = planned(ran)
    (operator,) = found.of_kind("operator")
    assert (operator.fate, operator.was) == ("kept", operator.id)
    assert fates(found, "source") == {"s": "goes-on"}
    assert fates(found, "sink") == {"totals": "rewritten", "o": "new"}
    with pytest.raises(EngineError) as caught:
        ran.run()
    assert caught.value.code == "engine.plan-changed"
    assert "tidemill plan" in (caught.value.hint or "")


def test_plan_says_what_is_rebuilt_and_from_where(ran: Flow) -> None:
    text(ran, "totals SELECT k, SUM(v) FROM s WHERE v > 10 GROUP BY k", f"others {BY_KEY}")
    found = planned(ran)
    assert sorted(one.fate for one in found.of_kind("operator")) == ["kept", "rebuilt"]
    assert [(r.table, r.partition, r.start, r.end, r.records) for r in found.reads] == [
        ("s", "0", 0, 30, 30)
    ]
    shown = subprocess.run(
        [*CLI, "plan", f"{ran.name}.sql"], cwd=ran.folder, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert shown.returncode == 3, shown.stderr
    assert "rebuilt" in shown.stdout
    assert "Read again: at most 30 records." in shown.stdout


def test_plan_says_what_is_lost(ran: Flow) -> None:
    topic = f"{ran.name}-in"
    empty_before(ran, topic, 10)
    text(ran, "totals SELECT k, SUM(v + 1) FROM s GROUP BY k")
    found = planned(ran)
    assert found.verdict == "lost"
    (lost,) = (one for one in found.of_kind("operator") if one.fate != "gone")
    assert lost.fate == "lost"
    assert "partition 0 begins at offset 10" in lost.why
    text(ran, "o SELECT id, k, v FROM s")
    assert [one.fate for one in planned(ran).of_kind("operator")] == ["gone"]
    text(ran, f"totals {BY_KEY}")
    assert planned(ran).verdict == "unchanged", "what is kept needs no input"


def empty_before(flow: Flow, topic: str, offset: int) -> None:
    """Retention takes what is before an offset."""
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import AdminClient

    admin = AdminClient({"bootstrap.servers": flow.bootstrap})
    for future in admin.delete_records([TopicPartition(topic, 0, offset)]).values():
        future.result(10)


def test_a_pipeline_without_state(flow: Flow) -> None:
    sent(flow, ROWS)
    text(flow, f"totals {BY_KEY}")
    with pytest.raises(UserError) as caught:
        planned(flow)
    assert caught.value.code == "control.no-state"


# -- apply


def applied(flow: Flow, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, "apply", f"{flow.name}.sql", "--yes", *more],
        cwd=flow.folder, capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip


def go_on(flow: Flow, rows: list[dict[str, Any]]) -> None:
    """More rows come, and the pipeline runs; its account adds up, or the run would fail."""
    flow.send(f"{flow.name}-in", [json.dumps(row) for row in rows])
    run(str(flow.folder / f"{flow.name}.sql"), until="caught-up")
    assert not account(None, str(flow.folder / f"{flow.name}.sql")).unaccounted


def totals(flow: Flow, table: str = "totals") -> dict[str, int]:
    """What a keyed topic comes to."""
    found: dict[str, int] = {}
    for record in flow.records(f"{flow.name}-{table}"):
        key = json.loads(record.key or b"{}")["k"]
        if record.value is None:
            found.pop(key, None)
        else:
            found[key] = json.loads(record.value)["total"]
    return found


def sums(rows: list[dict[str, Any]], least: int = 0) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        if row["v"] > least:
            found[row["k"]] = found.get(row["k"], 0) + row["v"]
    return found


MORE = [{"id": 100 + i, "k": "abcd"[i % 4], "v": 100 + i} for i in range(8)]


def test_what_is_kept_is_kept_though_its_input_is_gone(ran: Flow) -> None:
    """Only kept state can know the rows that retention has removed."""
    empty_before(ran, f"{ran.name}-in", 30)
    text(ran, "o SELECT id, k, v FROM s WHERE v > 3", f"totals {BY_KEY}")
    found = planned(ran)
    assert list(fates(found).values()) == ["kept"]
    done = applied(ran)
    assert done.returncode == 0, done.stderr
    go_on(ran, MORE)
    assert totals(ran) == sums(ROWS + MORE)
    assert [row["id"] for row in ran.rows(f"{ran.name}-o")] == [row["id"] for row in MORE]


def test_what_is_rebuilt_is_as_if_it_had_always_been(ran: Flow) -> None:
    text(
        ran,
        "totals SELECT k, SUM(v) FROM s WHERE v > 10 GROUP BY k",
        f"others {BY_KEY}",
        "o SELECT id, k, v FROM s",
    )
    done = applied(ran, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["verdict"], result["records"]) == ("rebuilt", 30)
    go_on(ran, MORE)
    assert totals(ran) == sums(ROWS + MORE, least=10)
    assert totals(ran, "others") == sums(ROWS + MORE)
    ids = [row["id"] for row in ran.rows(f"{ran.name}-o")]
    assert ids == [row["id"] for row in ROWS + MORE], "a new table gets the past, once, in order"
    go_on(ran, [])
    assert [row["id"] for row in ran.rows(f"{ran.name}-o")] == ids


def test_lost_state_is_lost_only_when_allowed(ran: Flow) -> None:
    empty_before(ran, f"{ran.name}-in", 10)
    text(ran, "totals SELECT k, SUM(v + 1) - COUNT(*) FROM s GROUP BY k")
    refused = applied(ran)
    assert refused.returncode == 1
    assert "error[control.state-lost]" in refused.stderr
    assert "begins at offset 10" in refused.stderr
    text(ran, f"totals {BY_KEY}")
    go_on(ran, MORE)
    assert totals(ran) == sums(ROWS + MORE), "the old version goes on as if nothing had been asked"
    text(ran, "totals SELECT k, SUM(v + 1) - COUNT(*) FROM s GROUP BY k")
    done = applied(ran, "--allow-lost")
    assert done.returncode == 0, done.stderr
    go_on(ran, [])
    assert totals(ran) == sums(ROWS[10:] + MORE)


def test_a_failed_apply_leaves_the_old_version(ran: Flow, monkeypatch: Any) -> None:
    text(ran, "totals SELECT k, SUM(v) FROM s WHERE v > 10 GROUP BY k", "o SELECT id, k, v FROM s")
    plan = planned(ran)
    project = project_for(str(ran.folder / f"{ran.name}.sql"), None)
    for broken in ("read_past", "carry_over"):
        with monkeypatch.context() as patch:
            patch.setattr(f"tidemill.control.change.apply.{broken}", failing)
            with pytest.raises(OSError, match="no space"):
                apply_change(project, plan)
    # the switch itself is the last file: those before it count for nothing
    real = CheckpointStore.write

    def write(store: CheckpointStore, checkpoint: Checkpoint) -> int:
        if checkpoint.manifest.get("carried"):
            raise OSError("no space")
        return real(store, checkpoint)

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointStore, "write", write)
        with pytest.raises(OSError, match="no space"):
            apply_change(project, plan)
    text(ran, f"totals {BY_KEY}")
    go_on(ran, MORE)
    assert totals(ran) == sums(ROWS + MORE)
    text(ran, "totals SELECT k, SUM(v) FROM s WHERE v > 10 GROUP BY k", "o SELECT id, k, v FROM s")
    assert applied(ran).returncode == 0
    go_on(ran, [])
    assert totals(ran) == sums(ROWS + MORE, least=10)


def failing(*_: Any, **__: Any) -> Any:
    raise OSError("no space")


def test_apply_stops_what_runs_and_can_be_taken_back(ran: Flow) -> None:
    process = ran.start("--json", "--every-s", "0.1")
    assert process.stdout is not None
    process.stdout.readline()
    text(ran, "totals SELECT k, SUM(v) FROM s WHERE v > 10 GROUP BY k")
    try:
        done = applied(ran, "--json")
    finally:
        process.terminate()
        code, _, errors = ended(process)
    assert code == 0, errors
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["stopped"] is True
    text(ran, f"totals {BY_KEY}")
    run(str(ran.folder / f"{ran.name}.sql"), until="caught-up", savepoint=result["savepoint"])
    go_on(ran, MORE)
    assert totals(ran) == sums(ROWS + MORE)


def test_nothing_is_switched_without_a_yes(ran: Flow) -> None:
    text(ran, "o SELECT id, k, v FROM s")
    asked = subprocess.run(
        [*CLI, "apply", f"{ran.name}.sql"], cwd=ran.folder, capture_output=True, text=True,
        check=False, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert asked.returncode == 2
    assert "--yes" in asked.stderr
    text(ran, f"totals {BY_KEY}")
    assert planned(ran).verdict == "unchanged"


def test_side_by_side_says_which_rows_differ(ran: Flow) -> None:
    text(ran, "totals SELECT k, SUM(v) FROM s WHERE k <> 'a' GROUP BY k", f"others {BY_KEY}")
    (one, other) = side_by_side(
        project_for(str(ran.folder / f"{ran.name}.sql"), None), planned(ran)
    )
    assert (one.sink, one.rows_old, one.rows_new, one.equal) == ("totals", 3, 2, False)
    assert [row["k"] for row in one.differences.missing_rows] == ["a"]
    assert (other.rows_old, other.rows_new) == (None, 3)
    text(ran, "totals SELECT k, SUM(v) + CASE k WHEN 'b' THEN 1 ELSE 0 END FROM s GROUP BY k")
    shown = applied(ran, "--side-by-side")
    assert shown.returncode == 0, shown.stderr
    assert "totals: 0 rows only in old, 0 only in new, 1 changed" in shown.stdout
    assert re.search(r"changed: k=b, total=(\d+) -> \d+", shown.stdout)
    go_on(ran, MORE)
    assert totals(ran)["b"] == sums(ROWS + MORE)["b"] + 1
