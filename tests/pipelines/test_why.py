"""The messages behind a row: through filters, windows, aggregates and joins, on a real broker."""

from __future__ import annotations

from pathlib import Path

import pytest
from pipeline_flow import Flow

from tidemill.control.masks import Masks
from tidemill.control.run import run
from tidemill.control.why.answer import Why
from tidemill.control.why.ask import why
from tidemill.control.why.key import parse_key
from tidemill.control.why.masked import masked_why
from tidemill.errors import UserError
from tidemill.model import Column, Schema, TableDescriptor
from tidemill.model.types import INT, STRING

COLUMNS = "id INT, zone INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND"
TRIPS = (
    '{"id": 0, "zone": 1, "ts": "2026-01-05 12:00:10"}',
    '{"id": 1, "zone": 1, "ts": "2026-01-05 12:00:20"}',
    '{"id": 2, "zone": 9, "ts": "2026-01-05 12:00:25"}',
    "no json",
    '{"id": 4, "zone": 2, "ts": "2026-01-05 12:00:30"}',
    '{"id": 5, "zone": 1, "ts": "2026-01-05 12:02:30"}',
    '{"id": 6, "zone": 1, "ts": "2026-01-05 12:00:40"}',  # too late
    '{"id": 7, "zone": 1, "ts": "2026-01-05 12:09:00"}',
)


def upsert(flow: Flow, table: str, columns: str, key: str, topic: str) -> str:
    """CREATE TABLE over a topic with a key."""
    return flow.kafka(
        table, f"{columns}, PRIMARY KEY ({key}) NOT ENFORCED", topic, connector="upsert-kafka",
        format="", scan__startup__mode="", key__format="json", value__format="json",
    )  # fmt: skip


def behind(found: Why) -> list[list[str]]:
    """Partition and offset of the messages of each row, the topics left out."""
    return [[str(o).partition(":")[2] for o in reason.origins] for reason in found.reasons]


@pytest.mark.servers
def test_windows_joins_filters_and_aggregates_over_a_join(flow: Flow) -> None:
    trips = flow.topic("trips", *TRIPS)
    names = flow.topic(
        "names",
        *(
            (f'{{"zone": {zone}}}', f'{{"zone": {zone}, "name": "{name}"}}')
            for zone, name in ((1, "old"), (1, "harbour"), (2, "hill"))
        ),
    )
    path = str(
        flow.write(
            "\n".join(
                (
                    flow.kafka("trips", COLUMNS, trips),
                    upsert(flow, "names", "zone INT, name STRING", "zone", names),
                    flow.kafka("minutes", "zone INT, ws TIMESTAMP(3), n BIGINT", f"{trips}.m"),
                    upsert(flow, "named", "name STRING, n BIGINT", "name", f"{trips}.n"),
                    """INSERT INTO minutes SELECT zone, window_start, COUNT(*)
                       FROM TABLE(TUMBLE(TABLE trips, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
                       WHERE zone < 9 GROUP BY zone, window_start, window_end HAVING COUNT(*) > 1;
                       INSERT INTO named SELECT name, COUNT(*) FROM trips JOIN names
                       ON trips.zone = names.zone GROUP BY name;""",
                )
            )
        )
    )
    with pytest.raises(UserError) as never:
        why(None, path, "zone=1", sink="minutes")
    assert never.value.code == "control.no-account"
    run(path, until="caught-up")
    flow.send(trips, ['{"id": 8, "zone": 1, "ts": "2026-01-05 12:00:41"}'])

    window = why(None, path, "zone=1,ws=2026-01-05 12:00:00", sink="minutes")
    assert behind(window) == [["0:0", "0:1"]], "the late one is none of them"
    assert window.reasons[0].row == {"zone": "1", "ws": "2026-01-05T12:00:00", "n": "2"}
    assert [str(o.message and o.message.value.text) for o in window.reasons[0].origins] == [
        *TRIPS[:2]
    ]
    assert any("exactly what these messages make" in line for line in window.said)

    joined = why(None, path, "harbour", sink="named")
    assert behind(joined) == [["0:1", "0:0", "0:1", "0:5", "0:6", "0:7"]]
    assert {o.topic for o in joined.reasons[0].origins} == {names, trips}
    assert joined.held == ({"name": "harbour", "n": "5"},)
    assert any("exactly" in line for line in joined.said), joined.said

    (Path(path).parent / "tidemill.yaml").write_text("name: masked\n")
    console = masked_why(Path(path).parent, path, "harbour", "named", Masks(("id",)))
    content = [o.message.value.text for o in console.reasons[0].origins if o.message is not None]
    assert all('"id": "******"' in text for text in content if "ts" in text), content
    with pytest.raises(UserError, match="personal"):
        masked_why(Path(path).parent, path, "harbour", "named", Masks(("name",)))

    for key in ("zone=9,ws=2026-01-05 12:00:00", "zone=2,ws=2026-01-05 12:00:00", "zone=x"):
        with pytest.raises(UserError) as nothing:
            why(None, path, key, sink="minutes")
        assert nothing.value.code == "control.no-such-row"
    with pytest.raises(UserError, match="several tables"):
        why(None, path, "zone=1")


@pytest.mark.servers
def test_a_change_feed_is_traced_to_the_change_that_holds(flow: Flow) -> None:
    """Each row is of the last change of its key, and a row that moved away counts no more."""
    orders = flow.topic(
        "orders",
        '{"op": "c", "before": null, "after": {"id": 1, "city": "A", "price": 5}}',
        '{"op": "c", "before": null, "after": {"id": 2, "city": "A", "price": 7}}',
        '{"op": "u", "before": {"id": 1, "city": "A", "price": 5}, '
        '"after": {"id": 1, "city": "A", "price": 6}}',
        '{"op": "u", "before": {"id": 2, "city": "A", "price": 7}, '
        '"after": {"id": 2, "city": "B", "price": 7}}',
    )
    declared = flow.kafka("orders", "id INT, city STRING, price INT, PRIMARY KEY (id) NOT ENFORCED",
                          orders, format="debezium-json")  # fmt: skip
    path = str(
        flow.write(
            declared
            + upsert(flow, "cities", "city STRING, price INT", "city", f"{orders}.c")
            + "INSERT INTO cities SELECT city, SUM(price) FROM orders GROUP BY city;"
        )
    )
    run(path, until="caught-up")
    found = why(None, path, "A")
    assert (behind(found), found.held) == ([["0:2"]], ({"city": "A", "price": "6"},))
    assert any("exactly" in line for line in found.said), found.said
    assert behind(why(None, path, "city=B")) == [["0:3"]]


@pytest.mark.servers
@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("SELECT id, SUM(zone) OVER (ORDER BY ts) FROM trips", "OVER"),
        (
            "SELECT id, CAST(COUNT(*) AS INT) FROM "
            "(SELECT id FROM trips EXCEPT SELECT zone FROM trips) GROUP BY id",
            "EXCEPT",
        ),
        ("SELECT id, id FROM made", "made up|other rows on each read"),
    ],
)
def test_what_hides_its_rows_is_refused_by_name(flow: Flow, query: str, what: str) -> None:
    trips = flow.topic("trips", *TRIPS[:2])
    path = str(
        flow.write(
            flow.kafka("trips", COLUMNS, trips)
            + "CREATE TABLE made (id INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3');"
            + upsert(flow, "o", "id INT, n INT", "id", f"{trips}.o")
            + f"INSERT INTO o {query};"
        )
    )
    run(path, until="caught-up")
    with pytest.raises(UserError, match=what) as refused:
        why(None, path, "1")
    assert refused.value.code == "control.untraceable"


SINK = TableDescriptor("t", Schema((Column("a", INT), Column("b", STRING))), {}, ("a", "b"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("1,x", {"a": "1", "b": "x"}),
        ("a=1", {"a": "1"}),
        ('b="x=1, y",a=2', None),
        ('"b=x, y", a=2', {"b": "x, y", "a": "2"}),
        ("1", None),
        ("", None),
    ],
)
def test_keys(text: str, key: dict[str, str] | None) -> None:
    if key is not None:
        assert parse_key(SINK, text) == key
        return
    with pytest.raises(UserError) as refused:
        parse_key(SINK, text)
    assert refused.value.code == "control.row-key"
