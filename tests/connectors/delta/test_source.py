"""Which versions a source reads, from where to where, and what it says when it cannot."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from tidemill.errors import ConnectorError
from tidemill.model import types as t
from tidemill.testing import drain

STREAM = {"mode": "streaming", "updateCheckIntervalMillis": "20"}


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


def raw(lake: Any) -> DeltaTable:
    return DeltaTable(lake.options["table-path"])


def test_each_start_is_where_it_says(lake: Any) -> None:
    for value in (1, 2, 3):
        lake.write([(value, "x")])
    # 0: made; 1, 3, 5: a process begins; 2, 4, 6: an epoch
    cases = {"0": [1, 2, 3], "4": [2, 3], "5": [3], "7": [], "latest": []}
    stops = {}
    for start, expected in cases.items():
        values, stops[start], _ = read(lake, lake.table(**STREAM, startingVersion=start))
        assert values == expected, start
    values, stops["all"], _ = read(lake, lake.table(**STREAM))
    assert values == [1, 2, 3]
    lake.write([(4, "x")])
    for start, stop in stops.items():
        assert read(lake, lake.table(**STREAM), stop)[0] == [4], start


def test_one_version_can_be_chosen(lake: Any) -> None:
    for value in (1, 2):
        lake.write([(value, "x")])
    assert read(lake, lake.table(versionAsOf="2"))[0] == [1]
    assert read(lake, lake.table(versionAsOf="0"))[0] == []
    assert read(lake, lake.table(timestampAsOf="2999-01-01T00:00:00Z"))[0] == [1, 2]
    with pytest.raises(ConnectorError, match="no version 77 any more") as gone:
        read(lake, lake.table(versionAsOf="77"))
    assert gone.value.code == "connector.version-gone"


def test_a_log_that_was_cut_is_an_error_unless_it_was_read(lake: Any) -> None:
    lake.write([(1, "x")])
    _, stop, _ = read(lake, lake.table(**STREAM))
    lake.write([(2, "x")])
    lake.write([(3, "x")])
    log = Path(lake.options["table-path"]) / "_delta_log"
    raw(lake).create_checkpoint()
    for version in range(3):
        (log / f"{version:020}.json").unlink()
    values, stop, _ = read(lake, lake.table(**STREAM), stop)
    assert values == [2, 3]
    lake.write([(4, "x")])
    lake.write([(5, "x")])
    raw(lake).create_checkpoint()
    for version in range(3, 10):
        (log / f"{version:020}.json").unlink()
    with pytest.raises(ConnectorError, match="no version 7 any more") as gone:
        read(lake, lake.table(**STREAM), stop)
    assert gone.value.code == "connector.version-gone"
    assert read(lake, lake.table(**STREAM))[0] == [1, 2, 3, 4, 5]


def test_changed_rows_are_an_error_and_moved_ones_are_not(lake: Any) -> None:
    for value in (1, 2, 3):
        lake.write([(value, "x")])
    _, stop, _ = read(lake, lake.table(**STREAM))
    raw(lake).optimize.compact()
    lake.write([(4, "x")])
    values, stop, _ = read(lake, lake.table(**STREAM), stop)
    assert values == [4]
    raw(lake).delete("a = 2")
    with pytest.raises(ConnectorError, match="changed or removed rows") as changed:
        read(lake, lake.table(**STREAM), stop)
    assert changed.value.code == "connector.rows-changed"
    assert read(lake, lake.table())[0] == [1, 3, 4]


def test_older_files_are_read_with_the_columns_of_now(lake: Any) -> None:
    table = lake.table({"a": t.INT, "b": t.STRING}, partitioned=("b",))
    lake.write([(1, "x/ü 1")], table)
    wider = lake.table({"a": t.INT, "c": t.DOUBLE, "b": t.STRING}, partitioned=("b",))
    lake.write([(2, 0.5, "y")], wider)
    read_one = drain(lake.source(wider), {}, rows_max=10).rows
    assert sorted(read_one, key=lambda r: r["a"]) == [
        {"a": 1, "c": None, "b": "x/ü 1"},
        {"a": 2, "c": 0.5, "b": "y"},
    ]
    assert read(lake, lake.table({"b": t.STRING, "a": t.BIGINT}))[0] == [1, 2]
    with pytest.raises(ConnectorError, match=r"`B` is missing\. Did you mean `b`") as unfit:
        read(lake, lake.table({"a": t.INT, "B": t.STRING}))
    assert unfit.value.code == "connector.schema-mismatch"


def test_values_outside_the_declared_type_are_set_aside(lake: Any) -> None:
    lake.write([(1, "x"), (300, "y"), (-1, "z")])
    values, _, letters = read(lake, lake.table({"a": t.TINYINT, "b": t.STRING}))
    assert values == [-1, 1]
    (letter,) = letters
    assert (letter.code, letter.value) == ("connector.value-unreadable", b'{"a": 300, "b": "y"}')


def test_only_needed_columns_are_read(lake: Any) -> None:
    lake.write([(1, "x")])
    table = lake.table()
    few = type(table)(table.name, table.schema, table.options, columns_needed=frozenset({"b"}))
    assert drain(lake.source(few), {}, rows_max=10).rows == [{"a": None, "b": "x"}]


def test_what_is_not_there_is_named(lake: Any) -> None:
    with pytest.raises(ConnectorError, match="does not exist") as missing:
        read(lake, lake.table())
    assert missing.value.code == "connector.table-missing"


def test_a_damaged_file_is_named(lake: Any) -> None:
    lake.write([(i, "x" * 50) for i in range(1000)])
    (file,) = lake.files()
    path = Path(lake.options["table-path"]) / file
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ConnectorError, match=path.name) as damaged:
        read(lake, lake.table())
    assert damaged.value.code == "connector.bad-file"


def test_partition_values_come_from_the_log(lake: Any) -> None:
    stamp = datetime.datetime(1960, 1, 2, 3, 4, 5, 678901)  # noqa: DTZ001 - without a zone
    columns = {
        "a": t.INT, "s": t.STRING, "n": t.BIGINT, "d": t.DATE, "b": t.BOOLEAN,
        "ts": t.timestamp(6), "tz": t.timestamp_ltz(6), "f": t.DOUBLE,
    }  # fmt: skip
    table = lake.table(columns, partitioned=tuple(columns)[1:], **STREAM, startingVersion="0")
    row = (1, "ü/ %=", -5, datetime.date(1960, 1, 1), False, stamp,
           stamp.replace(tzinfo=datetime.UTC), 0.1)  # fmt: skip
    lake.write([row, (2, *(None,) * 7)], table)
    source = lake.source(table)
    source.open({})
    rows = [r for _ in range(8) for b in source.read(10, 50) for r in b.rows.to_pylist()]
    source.close()
    assert sorted((tuple(r.values()) for r in rows), key=repr) == [row, (2, *(None,) * 7)]
