"""A pipeline whose text changes: what `plan` says, and what `apply` does, on a real broker."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from pipeline_flow import CLI, Flow

from tidemill.control.change.planned import ChangePlan, plan_change
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
