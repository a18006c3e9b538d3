"""What a table holds after commits: types, keys, races, crashes, other columns."""

from __future__ import annotations

import datetime
import json
import os
import threading
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.catalog.sql import SqlCatalog
from sqlalchemy.exc import OperationalError

from tidemill.connectors.iceberg.connector import CONNECTOR
from tidemill.errors import ConnectorError, DoubtfulCommitError, ProjectError
from tidemill.interfaces.connector import JobContext
from tidemill.model import DataType, Field, TypeRoot
from tidemill.model import types as t

UTC = datetime.UTC
STAMP = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)  # noqa: DTZ001 - without a zone
NESTED = DataType(TypeRoot.ROW, fields=(Field("x", t.INT), Field("ß", t.STRING)))
ALL_TYPES: dict[str, tuple[DataType, Any, Any]] = {
    "boolean": (t.BOOLEAN, True, True),
    "tinyint": (t.TINYINT, -128, -128),
    "smallint": (t.SMALLINT, 32767, 32767),
    "int": (t.INT, -(2**31), -(2**31)),
    "bigint": (t.BIGINT, 2**63 - 1, 2**63 - 1),
    "float": (t.FLOAT, 0.5, 0.5),
    "double": (t.DOUBLE, 1e300, 1e300),
    "decimal": (t.decimal(38, 10), Decimal("-1.0000000001"), Decimal("-1.0000000001")),
    "string": (t.STRING, "é\x00 💧", "é\x00 💧"),
    "char": (DataType(TypeRoot.CHAR, length=3), "abc", "abc"),
    "bytes": (t.BYTES, b"\x00\xff", b"\x00\xff"),
    "binary": (DataType(TypeRoot.BINARY, length=2), b"\x00\xff", b"\x00\xff"),
    "date": (t.DATE, datetime.date(1969, 12, 31), datetime.date(1969, 12, 31)),
    "time": (DataType(TypeRoot.TIME, precision=3), datetime.time(1, 2, 3, 4000),
             datetime.time(1, 2, 3, 4000)),
    "timestamp": (t.timestamp(6), STAMP, STAMP),
    "timestamp_ltz": (t.timestamp_ltz(3), STAMP.replace(microsecond=678000, tzinfo=UTC),
                      STAMP.replace(microsecond=678000, tzinfo=UTC)),
    "array": (DataType(TypeRoot.ARRAY, element=t.INT), [1, None], [1, None]),
    "map": (DataType(TypeRoot.MAP, key=t.STRING.with_nullable(False), value=t.DOUBLE),
            [("k", 1.0)], {"k": 1.0}),
    "multiset": (DataType(TypeRoot.MULTISET, element=t.STRING), [("k", 2)], {"k": 2}),
    "row": (NESTED, {"x": 1, "ß": "y"}, {"x": 1, "ß": "y"}),
    "Name mit „Zeichen“ .": (t.INT, 1, 1),
}  # fmt: skip


def test_every_type_is_what_another_reader_finds(lake: Any) -> None:
    table = lake.table({name: type_ for name, (type_, _, _) in ALL_TYPES.items()})
    lake.write([tuple(value for _, value, _ in ALL_TYPES.values())], table)
    lake.write([(None,) * len(ALL_TYPES)], table)
    (empty, found) = sorted(lake.load().scan().to_arrow().to_pylist(), key=lambda r: bool(r["int"]))
    assert set(empty.values()) == {None}
    duck = lake.rows(*ALL_TYPES)
    values = next(dict(zip(ALL_TYPES, row, strict=True)) for row in duck if row[3] is not None)
    for name, (_, _, expected) in ALL_TYPES.items():
        of_iceberg = found[name]
        if isinstance(expected, dict) and isinstance(of_iceberg, list):
            of_iceberg = dict(of_iceberg)
        assert of_iceberg == expected, name
        of_duck = values[name]
        assert (dict(of_duck) if isinstance(expected, dict) and name != "row" else of_duck) == (
            expected
        ), name


@pytest.mark.parametrize(
    ("type_", "key", "says"),
    [
        (t.timestamp(9), (), "finer than Iceberg's microseconds"),
        (DataType(TypeRoot.ARRAY, element=t.timestamp_ltz(9)), (), "finer than"),
        (DataType(TypeRoot.INTERVAL_DAY_TIME), (), "no counterpart in Iceberg"),
        (t.DOUBLE, ("a",), "cannot be part of a key"),
    ],
)
def test_types_that_it_cannot_hold_are_refused_by_name(
    lake: Any, type_: DataType, key: tuple[str, ...], says: str
) -> None:
    assert CONNECTOR.sink_changelog is not None
    with pytest.raises(ProjectError, match=says) as refused:
        CONNECTOR.sink_changelog(lake.table({"a": type_}, key), JobContext("job", {}))
    assert refused.value.code == "connector.unsupported-type"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"catalog-type": "hive"}, "catalogs of type `hive`"),
        ({"catalog-impl": "x.Y"}, "the catalog `x.Y`"),
        ({"uri": "thrift://h:9083"}, "names no database"),
        ({"warehouse": "hdfs://x/y"}, "the warehouse"),
        ({"write.upsert.enabled": "true"}, "needs a PRIMARY KEY"),
        ({"streaming": "true", "snapshot-id": "1"}, "for a bounded source"),
        ({"start-snapshot-id": "1"}, "goes with"),
        ({"starting-strategy": "INCREMENTAL_FROM_SNAPSHOT_ID"}, "needs the option"),
        ({"format-version": "3"}, "no option `format-version`"),
    ],
)
def test_options_that_it_does_not_serve_are_refused(
    lake: Any, options: dict[str, str], says: str
) -> None:
    assert CONNECTOR.sink_changelog is not None
    table = lake.table()
    given = {**table.options, **options}
    table = type(table)("t", table.schema, given)
    with pytest.raises(ProjectError, match=says):
        CONNECTOR.sink_changelog(table, JobContext("job", {}))


def test_job_and_epoch_stand_in_snapshot_and_table(lake: Any) -> None:
    lake.write([(1, "x")], epoch=7, job="jöb")
    table = lake.load()
    summary = table.current_snapshot().summary.additional_properties
    assert (summary["tidemill.job"], summary["tidemill.epoch"]) == ("jöb", "7")
    assert json.loads(table.properties["tidemill.job.jöb"])["epoch"] == 7
    lake.write([(2, "y")], job="other")
    with_both = lake.load()
    assert json.loads(with_both.properties["tidemill.job.jöb"])["epoch"] == 7
    with_both.maintenance.expire_snapshots().by_id(table.current_snapshot().snapshot_id).commit()
    group = lake.group(job="jöb")
    assert group.open() == 7
    group.close()


def test_a_value_of_another_length_is_set_aside(lake: Any) -> None:
    table = lake.table({"a": t.INT, "b": DataType(TypeRoot.BINARY, length=2)})
    letters = lake.write([(1, b"ab"), (2, b"abc"), (3, None), (4, b"")], table)
    assert [(letter.code, letter.stage) for letter in letters] == [
        ("connector.row-refused", "sink")
    ] * 2
    assert lake.rows("a") == [(1,), (3,)]


def test_columns_are_added_and_older_rows_have_none(lake: Any) -> None:
    lake.write([(1, "x")])
    wider = lake.table({"a": t.INT, "neu é": t.BIGINT.with_nullable(False), "b": t.STRING})
    lake.write([(2, 20, "y")], wider)
    lake.write([(3, "z")])
    found = lake.load().scan().to_arrow().sort_by("a").to_pylist()
    assert found == [
        {"a": 1, "b": "x", "neu é": None},
        {"a": 2, "b": "y", "neu é": 20},
        {"a": 3, "b": "z", "neu é": None},
    ]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"a": t.STRING, "b": t.STRING}, "`a` is int there and STRING here"),
        ({"a": t.BIGINT, "b": t.STRING}, "`a` is int there and BIGINT here"),
        ({"a": t.INT, "b": DataType(TypeRoot.ARRAY, element=t.STRING)}, "`b` is string there"),
    ],
)
def test_columns_that_do_not_fit_are_named(
    lake: Any, columns: dict[str, DataType], says: str
) -> None:
    lake.write([(1, "x")])
    with pytest.raises(ConnectorError, match=says) as refused:
        lake.write([], lake.table(columns))
    assert refused.value.code == "connector.schema-mismatch"
    with pytest.raises(ConnectorError, match="it is partitioned by nothing"):
        lake.write([], lake.table(partitioned=("b",)))
    lake.write([(2, "y")], lake.table({"a": t.SMALLINT, "b": t.STRING}))
    assert lake.rows("a") == [(1,), (2,)]


def test_partitions_are_folders_of_their_values(lake: Any) -> None:
    columns = {"a": t.INT, "day": t.DATE, "c": t.STRING, "m": t.decimal(10, 3), "z": t.timestamp(6)}
    table = lake.table(columns, partitioned=("day", "c", "m", "z"))
    day, minus = datetime.date(1960, 1, 2), Decimal("-1.500")
    rows = [
        (1, day, "a/b ü", minus, STAMP),
        (2, None, "x", None, None),
        (3, day, None, minus, None),
    ]
    lake.write([*rows, (4, *rows[0][1:])], table)
    files = lake.load().inspect.files().to_pylist()
    assert sorted(f["record_count"] for f in files) == [1, 1, 2]
    assert {tuple(f["partition"].values()) for f in files} == {row[1:] for row in rows}
    scan = lake.load().scan(row_filter="c = 'a/b ü' AND m < -1.400")
    assert len(list(scan.plan_files())) == 1
    assert sorted(scan.to_arrow()["a"].to_pylist()) == [1, 4]


CHANGES = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["+I", "+U", "-U", "-D"]), st.integers(0, 6), st.integers(0, 99)),
        min_size=1,
        max_size=6,
    ),
    max_size=4,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(epochs=CHANGES)
def test_changes_by_key_are_what_a_dict_would_hold(
    lake: Any, epochs: list[list[tuple[str, int, int]]]
) -> None:
    lake.name = f"t{os.urandom(4).hex()}"
    table = lake.table({"k1": t.STRING, "k2": t.INT, "v": t.INT}, key=("k1", "k2"))
    expected: dict[tuple[str, int], int] = {}
    group = lake.group(table)
    group.open()
    for number, changes in enumerate(epochs, 1):
        rows = [(f"é{key % 3}", key, value) for _, key, value in changes]
        kinds = " ".join(kind for kind, _, _ in changes)
        assert group.writer("t").write(lake.batch(rows, table, kinds)) == []
        group.prepare(number)
        group.commit(number, {})
        later = [(k, kind) for kind, k, _ in changes]
        for index, (kind, key, value) in enumerate(changes):
            if kind in ("+I", "+U"):
                expected[(f"é{key % 3}", key)] = value
            elif kind == "-D" or (key, "+U") not in later[index + 1 :]:
                expected.pop((f"é{key % 3}", key), None)
    group.close()
    assert lake.rows("k1", "k2", "v") == sorted(((*k, v) for k, v in expected.items()), key=repr)


def test_many_keys_touch_only_the_files_that_hold_them(lake: Any) -> None:
    table = lake.table({"a": t.INT, "b": t.STRING}, key=("a",))
    lake.write([(i, "old") for i in range(1000)], table)
    lake.write([(i, "old") for i in range(1000, 1300)], table)
    before = {f["file_path"] for f in lake.load().inspect.files().to_pylist()}
    lake.write([(i, "new") for i in range(1000, 1250)], table)
    after = {f["file_path"] for f in lake.load().inspect.files().to_pylist()}
    assert len(before & after) == 1
    assert Counter(row[0] for row in lake.rows("b")) == {"old": 1050, "new": 250}


def test_racing_writers_lose_nothing(lake: Any) -> None:
    lake.write([])
    errors: list[BaseException] = []

    def work(number: int) -> None:
        # SQLite may be locked by another writer for too long, which a restart heals.
        done = 0
        while done < 4:
            try:
                group = lake.group(job=f"job{number}")
                try:
                    held = group.open() or 0
                    for epoch in range(held + 1, 5):
                        group.writer("t").write(lake.batch([(number * 100 + epoch, "x")]))
                        group.prepare(epoch)
                        group.commit(epoch, {})
                    done = 4
                finally:
                    group.close()
            except (DoubtfulCommitError, ConnectorError) as error:
                if isinstance(error, ConnectorError) and not error.retryable:
                    errors.append(error)
                    return

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert lake.rows("a") == sorted(
        ((n * 100 + e,) for n in range(3) for e in range(1, 5)), key=repr
    )


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OperationalError("x", None, OSError())])
def test_files_stay_where_nobody_knows_whether_they_are_in(
    lake: Any, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    group = lake.group()
    group.open()
    group.writer("t").write(lake.batch([(1, "x")]))
    group.prepare(1)
    original = SqlCatalog.commit_table

    def commit_and_break(*args: Any) -> None:
        original(*args)
        raise failure

    monkeypatch.setattr(SqlCatalog, "commit_table", commit_and_break)
    with pytest.raises((DoubtfulCommitError, KeyboardInterrupt)):
        group.commit(1, {})
    group.abort()
    group.close()
    monkeypatch.undo()
    again = lake.group()
    assert again.open() == 1
    again.close()
    assert lake.rows("a") == [(1,)]


@pytest.mark.parametrize("key", [(), ("a",)])
def test_killed_at_any_moment_an_epoch_is_in_once_or_not_at_all(
    lake: Any, killer: Any, key: tuple[str, ...]
) -> None:
    table = lake.table(key=key)
    lake.write([(1, "x"), (2, "y"), (3, "1")], table)
    calls = killer.run(table, 0)
    assert calls > 100
    for share in (0.4, 0.9, 0.98):
        assert killer.run(table, int(calls * share)) is None
        group = lake.group(table)
        held = group.open()
        group.close()
        rows = lake.rows("a", "b")
        assert max(int(b) for a, b in rows if a == 3) == held
        assert len(rows) == (3 if key else 3 * held)
    assert killer.run(table, 0) is not None
