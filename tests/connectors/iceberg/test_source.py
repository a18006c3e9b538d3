"""Which snapshots a source reads, from where to where, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tidemill.errors import ConnectorError
from tidemill.model import types as t
from tidemill.testing import drain

STREAM = {"streaming": "true", "monitor_interval": "20 ms"}


def read(lake: Any, table: Any, start: Any = None) -> tuple[list[Any], dict[str, Any], list[Any]]:
    """All rows' values of `a` until the source has caught up, the position, the dead letters."""
    source = lake.source(table)
    values, letters, positions = [], [], dict(start or {})
    try:
        source.open(start or {})
        while True:
            batches = source.read(100, 100)
            for batch in batches:
                values += batch.rows["a"].to_pylist()
                letters += batch.dead_letters
                positions[batch.partition] = batch.position
            if not batches and (source.finished() or source.caught_up()):
                return sorted(values), positions, letters
    finally:
        source.close()


def ids(lake: Any) -> list[int]:
    return [snapshot.snapshot_id for snapshot in lake.load().snapshots()]


def test_each_strategy_starts_where_it_says(lake: Any) -> None:
    for value in (1, 2, 3):
        lake.write([(value, "x")])
    first, second, third = lake.load().snapshots()
    cases: dict[str, tuple[dict[str, str], list[int]]] = {
        "TABLE_SCAN_THEN_INCREMENTAL": ({}, [1, 2, 3]),
        "INCREMENTAL_FROM_LATEST_SNAPSHOT": ({}, [3]),
        "INCREMENTAL_FROM_EARLIEST_SNAPSHOT": ({}, [1, 2, 3]),
        "INCREMENTAL_FROM_SNAPSHOT_ID": ({"start_snapshot_id": str(second.snapshot_id)}, [2, 3]),
        "INCREMENTAL_FROM_SNAPSHOT_TIMESTAMP": (
            {"start_snapshot_timestamp": str(first.timestamp_ms + 1)}, [2, 3],
        ),
    }  # fmt: skip
    stops = {}
    for strategy, (more, expected) in cases.items():
        table = lake.table(**STREAM, starting_strategy=strategy, **more)
        values, stops[strategy], _ = read(lake, table)
        assert values == expected, strategy
    later = str(third.timestamp_ms + 1)
    table = lake.table(
        **STREAM, starting_strategy="INCREMENTAL_FROM_SNAPSHOT_TIMESTAMP",
        start_snapshot_timestamp=later,
    )  # fmt: skip
    values, stops["later"], _ = read(lake, table)
    assert values == []
    lake.write([(4, "x")])
    for strategy, stop in stops.items():
        chosen = lake.table(**STREAM)
        assert read(lake, chosen, stop)[0] == [4], strategy


def test_an_empty_table_is_waited_for(lake: Any) -> None:
    lake.write([])
    table = lake.table(**STREAM)
    values, stop, _ = read(lake, table)
    assert values == []
    lake.write([(1, "x")])
    lake.write([(2, "x")])
    assert read(lake, table, stop)[0] == [1, 2]
    assert read(lake, lake.table())[0] == [1, 2]


def test_one_snapshot_can_be_chosen(lake: Any) -> None:
    for value in (1, 2, 3):
        lake.write([(value, "x")])
    first, second, _ = lake.load().snapshots()
    assert read(lake, lake.table(snapshot_id=str(second.snapshot_id)))[0] == [1, 2]
    assert read(lake, lake.table(as_of_timestamp=str(first.timestamp_ms)))[0] == [1]
    with pytest.raises(ConnectorError, match="no snapshot 77 any more") as gone:
        read(lake, lake.table(snapshot_id="77"))
    assert gone.value.code == "connector.version-gone"
    with pytest.raises(ConnectorError, match="no snapshot that is as old as 5 ms"):
        read(lake, lake.table(as_of_timestamp="5"))


def test_expired_snapshots_are_an_error_unless_they_were_read(lake: Any) -> None:
    table = lake.table(**STREAM, starting_strategy="TABLE_SCAN_THEN_INCREMENTAL")
    lake.write([(1, "x")])
    _, stop, _ = read(lake, table)
    lake.write([(2, "x")])
    first, second = ids(lake)
    lake.load().maintenance.expire_snapshots().by_id(first).commit()
    values, stop, _ = read(lake, table, stop)
    assert values == [2]
    lake.write([(3, "x")])
    lake.write([(4, "x")])
    _, third, _ = ids(lake)
    lake.load().maintenance.expire_snapshots().by_ids([second, third]).commit()
    with pytest.raises(ConnectorError, match=f"no snapshot {second} any more") as gone:
        read(lake, table, stop)
    assert gone.value.code == "connector.version-gone"
    assert "TABLE_SCAN_THEN_INCREMENTAL" in (gone.value.hint or "")


def test_a_table_set_back_is_an_error(lake: Any) -> None:
    lake.write([(1, "x")])
    table = lake.table(**STREAM)
    lake.write([(2, "x")])
    _, stop, _ = read(lake, table)
    lake.load().manage_snapshots().rollback_to_snapshot(ids(lake)[0]).commit()
    lake.write([(3, "x")])
    with pytest.raises(ConnectorError) as gone:
        read(lake, table, stop)
    assert gone.value.code == "connector.version-gone"


def test_changed_rows_are_an_error(lake: Any) -> None:
    keyed = lake.table(key=("a",))
    lake.write([(1, "x"), (2, "x")], keyed)
    table = lake.table(**STREAM)
    _, stop, _ = read(lake, table)
    lake.write([(1, "y")], keyed)
    with pytest.raises(ConnectorError, match="changed or removed rows") as changed:
        read(lake, table, stop)
    assert changed.value.code == "connector.rows-changed"
    assert read(lake, lake.table())[0] == [1, 2]


def test_older_files_are_read_with_the_columns_of_now(lake: Any) -> None:
    lake.write([(1, "x")])
    wider = lake.table({"a": t.INT, "c": t.DOUBLE, "b": t.STRING})
    lake.write([(2, 0.5, "y")], wider)
    read_one = drain(lake.source(wider), {}, rows_max=10).rows
    assert sorted(read_one, key=lambda r: r["a"]) == [
        {"a": 1, "c": None, "b": "x"},
        {"a": 2, "c": 0.5, "b": "y"},
    ]
    assert read(lake, lake.table({"b": t.STRING, "a": t.BIGINT}))[0] == [1, 2]
    with pytest.raises(ConnectorError, match=r"`B` is missing\. Did you mean `b`") as unfit:
        read(lake, lake.table({"a": t.INT, "B": t.STRING}))
    assert unfit.value.code == "connector.schema-mismatch"
    with pytest.raises(ConnectorError, match="`a` is int there and STRING here"):
        read(lake, lake.table({"a": t.STRING}))


def test_values_outside_the_declared_type_are_set_aside(lake: Any) -> None:
    lake.write([(1, "x"), (300, "y"), (-1, "z")])
    values, _, letters = read(lake, lake.table({"a": t.TINYINT, "b": t.STRING}))
    assert values == [-1, 1]
    (letter,) = letters
    assert (letter.code, letter.value) == ("connector.value-unreadable", b'{"a": 300, "b": "y"}')


def test_only_needed_columns_are_read(lake: Any) -> None:
    lake.write([(1, "x")])
    table = lake.table()
    for needed, expected in (({"a"}, {"a": 1, "b": None}), (set(), {"a": 1, "b": None})):
        few = type(table)(
            table.name, table.schema, table.options, columns_needed=frozenset(needed)
        )  # fmt: skip
        assert drain(lake.source(few), {}, rows_max=10).rows == [expected]


def test_what_is_not_there_is_named(lake: Any) -> None:
    lake.write([(1, "x")])
    with pytest.raises(ConnectorError, match="does not exist") as missing:
        read(lake, lake.table(catalog_table="tt"))
    assert missing.value.code == "connector.table-missing"
    assert missing.value.hint == "Did you mean `t`?"
    with pytest.raises(ConnectorError) as unsaid:
        table = lake.table()
        options = {k: v for k, v in table.options.items() if k != "uri"}
        read(lake, type(table)("t", table.schema, options))
    assert "uri" in (unsaid.value.hint or "")


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_file_is_named(lake: Any, damage: str) -> None:
    lake.write([(i, "x" * 50) for i in range(1000)])
    (file,) = lake.load().inspect.files().to_pylist()
    path = Path(file["file_path"])
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:200])
    else:
        path.unlink()
    with pytest.raises(ConnectorError, match=path.name) as damaged:
        read(lake, lake.table())
    assert damaged.value.code == "connector.bad-file"
