"""What a table holds after commits: types, keys, races, crashes, other columns."""

from __future__ import annotations

import datetime
import json
import signal
import subprocess
import sys
import textwrap
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, Schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidemill.connectors.delta.connector import CONNECTOR
from tidemill.errors import ConnectorError, ProjectError
from tidemill.interfaces.connector import JobContext
from tidemill.model import DataType, Field, TypeRoot
from tidemill.model import types as t

UTC = datetime.UTC
STAMP = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)  # noqa: DTZ001 - without a zone
NESTED = DataType(TypeRoot.ROW, fields=(Field("x", t.INT), Field("ß", t.STRING)))
ALL_TYPES: dict[str, tuple[DataType, Any]] = {
    "boolean": (t.BOOLEAN, True),
    "tinyint": (t.TINYINT, -128),
    "smallint": (t.SMALLINT, 32767),
    "int": (t.INT, -(2**31)),
    "bigint": (t.BIGINT, 2**63 - 1),
    "float": (t.FLOAT, 0.5),
    "double": (t.DOUBLE, 1e300),
    "decimal": (t.decimal(38, 10), Decimal("-1.0000000001")),
    "string": (t.STRING, "é\x00 💧"),
    "char": (DataType(TypeRoot.CHAR, length=3), "abc"),
    "bytes": (t.BYTES, b"\x00\xff"),
    "binary": (DataType(TypeRoot.BINARY, length=2), b"\x00\xff"),
    "date": (t.DATE, datetime.date(1969, 12, 31)),
    "timestamp": (t.timestamp(6), STAMP),
    "timestamp_ltz": (t.timestamp_ltz(3), STAMP.replace(microsecond=678000, tzinfo=UTC)),
    "array": (DataType(TypeRoot.ARRAY, element=t.INT), [1, None]),
    "map": (DataType(TypeRoot.MAP, key=t.STRING.with_nullable(False), value=t.DOUBLE),
            [("k", 1.0)]),
    "multiset": (DataType(TypeRoot.MULTISET, element=t.STRING), [("k", 2)]),
    "row": (NESTED, {"x": 1, "ß": "y"}),
    "Name„mit“.`Zeichen\"": (t.INT, 1),
}  # fmt: skip


def test_every_type_is_what_another_reader_finds(lake: Any) -> None:
    table = lake.table({name: type_ for name, (type_, _) in ALL_TYPES.items()})
    lake.write([tuple(value for _, value in ALL_TYPES.values())], table)
    lake.write([(None,) * len(ALL_TYPES)], table)
    duck = [dict(zip(ALL_TYPES, row, strict=True)) for row in lake.rows(*ALL_TYPES)]
    assert {repr(set(row.values())) for row in duck if row["int"] is None} == {"{None}"}
    expected = {name: value for name, (_, value) in ALL_TYPES.items()}
    assert next(row for row in duck if row["int"] is not None) == expected
    delta_rs = DeltaTable(lake.options["table-path"]).to_pyarrow_table().to_pylist()
    assert next(row for row in delta_rs if row["int"] is not None) == expected


@pytest.mark.parametrize(
    ("name", "type_", "key", "says"),
    [
        ("a", t.timestamp(9), (), "finer than Delta's microseconds"),
        ("a", DataType(TypeRoot.TIME, precision=0), (), "no counterpart in Delta"),
        ("a", DataType(TypeRoot.ARRAY, element=t.timestamp_ltz(9)), (), "finer than"),
        ("a", DataType(TypeRoot.INTERVAL_DAY_TIME), (), "no counterpart in Delta"),
        ("a", t.DOUBLE, ("a",), "cannot be part of a key"),
        ("a b", t.INT, (), "no blanks"),
    ],
)
def test_columns_that_it_cannot_hold_are_refused_by_name(
    lake: Any, name: str, type_: DataType, key: tuple[str, ...], says: str
) -> None:
    assert CONNECTOR.sink_changelog is not None
    with pytest.raises(ProjectError, match=says):
        CONNECTOR.sink_changelog(lake.table({name: type_}, key), JobContext("job", {}))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"table-path": "gs://b/x"}, "not `gs://`"),
        ({"table-path": "/x/*"}, "one folder"),
        ({"startingVersion": "1"}, "goes with"),
        ({"mode": "streaming", "startingVersion": "x"}, "a number or `latest`"),
        ({"mode": "streaming", "versionAsOf": "1"}, "for 'mode' = 'batch'"),
        ({"versionAsOf": "1", "timestampAsOf": "2026-01-01T00:00:00Z"}, "together"),
        ({"ignoreChanges": "true"}, "no option `ignoreChanges`"),
    ],
)
def test_options_that_it_does_not_serve_are_refused(
    lake: Any, options: dict[str, str], says: str
) -> None:
    assert CONNECTOR.source_changelog is not None
    with pytest.raises((ProjectError, ConnectorError), match=says):
        CONNECTOR.source_changelog(lake.table(**options), JobContext("job", {}))


def test_a_table_names_all_features_that_it_uses(lake: Any) -> None:
    """Spark reads no table with NOT NULL that names some features, and not this one."""
    columns = {"a": t.INT, "ts": t.timestamp(6)}
    for _ in range(2):
        lake.write([(1, STAMP)], lake.table(columns, key=("a",)))
    protocol = DeltaTable(lake.options["table-path"]).protocol()
    assert sorted(protocol.writer_features or []) == ["invariants", "timestampNtz"]
    assert lake.rows("a", "ts") == [(1, STAMP)]


def test_job_and_epoch_stand_in_the_log(lake: Any) -> None:
    lake.write([(1, "x")], epoch=7, job="jöb")
    last = lake.log()[-1]
    info = next(a["commitInfo"] for a in last if "commitInfo" in a)
    assert (info["tidemillJob"], info["tidemillEpoch"]) == ("jöb", 7)
    transactions = {a["txn"]["appId"]: a["txn"]["version"] for a in last if "txn" in a}
    assert transactions == {"tidemill:jöb": 7, "tidemill-fence:jöb": 1}
    lake.write([(2, "y")], job="other")
    DeltaTable(lake.options["table-path"]).create_checkpoint()
    group = lake.group(job="jöb")
    assert group.open() == 7
    group.close()


def test_rows_that_the_table_refuses_are_set_aside(lake: Any) -> None:
    lake.write([(1, "x")], lake.table({"a": t.INT.with_nullable(False), "b": t.STRING}))
    with pytest.raises(ConnectorError, match="`a` takes no NULL there"):
        lake.write([])
    keyed = lake.table(key=("a",))
    rows = [(2, "y"), (None, "z"), (3, "y"), (None, "u")]
    letters = lake.write(rows, keyed)
    assert [letter.code for letter in letters] == ["connector.row-refused"] * 2
    assert lake.rows("a") == [(1,), (2,), (3,)]


def test_columns_are_added_and_older_rows_have_none(lake: Any) -> None:
    lake.write([(1, "x")])
    wider = lake.table({"a": t.INT, "neü": t.BIGINT.with_nullable(False), "b": t.STRING})
    lake.write([(2, 20, "y")], wider)
    lake.write([(3, "z")])
    assert lake.rows("a", "b", "neü") == [(1, "x", None), (2, "y", 20), (3, "z", None)]
    found = DeltaTable(lake.options["table-path"]).to_pyarrow_table().sort_by("a")
    assert found["neü"].to_pylist() == [None, 20, None]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"a": t.STRING, "b": t.STRING}, "`a` is int32 there and STRING here"),
        ({"a": t.BIGINT, "b": t.STRING}, "`a` is int32 there and BIGINT here"),
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
    table = lake.table({"a": t.INT, "day": t.DATE, "c": t.STRING}, partitioned=("day", "c"))
    day = datetime.date(2026, 1, 2)
    lake.write([(1, day, "a/b ü"), (2, None, "x"), (3, day, None), (4, day, "a/b ü")], table)
    values = [add["partitionValues"] for add in lake.files().values()]
    found = {(value["day"], value["c"]) for value in values}
    assert found == {("2026-01-02", "a/b ü"), (None, "x"), ("2026-01-02", None)}
    assert lake.rows("a", "c") == [(1, "a/b ü"), (2, "x"), (3, None), (4, "a/b ü")]


def test_decimal_partitions_are_refused(lake: Any) -> None:
    columns = {"a": t.INT, "m": t.decimal(10, 3)}
    assert CONNECTOR.sink_changelog is not None
    with pytest.raises(ProjectError, match="negative values would be damaged"):
        CONNECTOR.sink_changelog(lake.table(columns, partitioned=("m",)), JobContext("job", {}))
    schema = pa.schema([("a", pa.int32()), ("m", pa.decimal128(10, 3))])
    DeltaTable.create(lake.options["table-path"], Schema.from_arrow(schema), partition_by=["m"])
    with pytest.raises(ConnectorError, match="it is partitioned by `m`, a decimal"):
        lake.write([(1, Decimal(1))], lake.table(columns))


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
    lake.options["table-path"] += "x"
    table = lake.table({"k1": t.STRING, 'k"2`': t.INT, "v": t.INT}, key=("k1", 'k"2`'))
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
    found = lake.rows("k1", 'k"2`', "v")
    assert found == sorted(((*k, v) for k, v in expected.items()), key=repr)


@pytest.mark.parametrize("key", [(), ("a",)])
def test_racing_writers_lose_nothing(lake: Any, key: tuple[str, ...]) -> None:
    table = lake.table(key=key)
    lake.write([], table)
    errors: list[BaseException] = []

    def work(number: int) -> None:
        group = lake.group(table, job=f"job{number}")
        try:
            group.open()
            for epoch in range(1, 5):
                group.writer("t").write(lake.batch([(number * 100 + epoch, "x"), (0, "same")]))
                group.prepare(epoch)
                group.commit(epoch, {})
        except BaseException as error:
            errors.append(error)
        finally:
            group.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    values = [n * 100 + e for n in range(3) for e in range(1, 5)]
    common = [0] * (1 if key else 12)
    assert sorted(row[0] for row in lake.rows("a")) == sorted(values + common)


KILLED = """
    import json, os, signal, sys, threading, time
    import pyarrow as pa
    from tidemill.connectors.delta.sink import DeltaGroup
    from tidemill.interfaces.connector import JobContext
    from tidemill.model import Batch, Column, Schema, TableDescriptor
    from tidemill.model.types import INT, STRING

    def write(options, key, wait_s):
        columns = (Column("a", INT.with_nullable("a" not in key)), Column("b", STRING))
        table = TableDescriptor("t", Schema(columns), options, tuple(key))
        group = DeltaGroup([table], JobContext("job", {}))
        number = (group.open() or 0) + 1
        rows = pa.table({"a": pa.array([1, 2, 3], pa.int32()), "b": ["x", "y", str(number)]})
        group.writer("t").write(Batch(rows.to_batches()[0]))
        group.prepare(number)
        if wait_s is not None:
            # A thread: delta-rs gives the interpreter free while it writes.
            die = lambda: (time.sleep(wait_s), os.kill(os.getpid(), signal.SIGKILL))
            threading.Thread(target=die, daemon=True).start()
        begin = time.monotonic()
        group.commit(number, {})
        if wait_s is not None:
            time.sleep(5)
        return time.monotonic() - begin

    print(json.dumps(write(*map(json.loads, sys.argv[1:]))))
"""


@pytest.mark.parametrize("key", [(), ("a",)])
def test_killed_at_any_moment_an_epoch_is_in_once_or_not_at_all(
    lake: Any, key: tuple[str, ...]
) -> None:
    table = lake.table(key=key)

    def run(wait_s: float | None) -> float | None:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(KILLED), json.dumps(dict(table.options)),
             json.dumps(key), json.dumps(wait_s)],
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
        return None if done.returncode else float(done.stdout)

    lasted_s = run(None)
    assert lasted_s is not None
    for share in (0.3, 0.8):
        assert run(lasted_s * share) is None
        group = lake.group(table)
        held = group.open()
        group.close()
        rows = lake.rows("a", "b")
        assert max(int(b) for a, b in rows if a == 3) == held
        assert len(rows) == (3 if key else 3 * held)


def test_large_epochs_go_through_a_file(lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.connectors.lake.rows.SPILL_BYTES", 1000)
    monkeypatch.setenv("TMPDIR", str(Path(lake.options["table-path"]).parent))
    group = lake.group()
    group.open()
    for first in range(0, 2000, 100):
        group.writer("t").write(lake.batch([(i, "x" * 20) for i in range(first, first + 100)]))
    group.commit(1, {})
    group.writer("t").write(lake.batch([(9999, "x" * 2000)]))
    group.abort()
    group.close()
    assert lake.rows("a") == sorted(((i,) for i in range(2000)), key=repr)
