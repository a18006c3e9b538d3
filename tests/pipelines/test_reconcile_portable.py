"""Sums that Postgres computes and sums of the same rows read elsewhere are the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pytest
from pipeline_flow import Postgres

from tidemill.connectors import CONNECTORS
from tidemill.connectors.jdbc.keyed_sums import KeyRange
from tidemill.control.reconcile import bisect as bisecting
from tidemill.control.reconcile import copied as copying
from tidemill.control.reconcile import held as holding
from tidemill.control.reconcile.bisect import bisect
from tidemill.control.reconcile.copied import CopiedSums, CopyPlan
from tidemill.control.reconcile.portable import key_text, key_value, plain, shown
from tidemill.control.reconcile.sides import keyed
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.model import Column, Schema, TableDescriptor
from tidemill.model.types import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    FLOAT,
    STRING,
    DataType,
    TypeRoot,
)

VALUES = {
    "s": (STRING, "text", ["", "a", "ä\U0001f926 b", "1:a", "-", "\\", "'\"", None, " x "]),
    "b": (BOOLEAN, "boolean", [True, False, None]),
    "n": (BIGINT, "bigint", [0, -1, 2**63 - 1, -(2**63), None]),
    "d": (DOUBLE, "float8", [0.0, -0.0, 1e300, 5e-324, 0.1, 1e15, "NaN", "-Infinity", None]),
    "f": (FLOAT, "float4", [0.0, -0.0, 0.1, 1e38, 16777216.0, "NaN", None]),
    "y": (BYTES, "bytea", [b"", b"\x00\xff", None]),
    "t": (DATE, "date", ["1970-01-01", "0001-01-01", "9999-12-31", "1969-12-31", None]),
    "z": (
        DataType(TypeRoot.DECIMAL, precision=3, scale=3), "numeric(3,3)",
        ["0.5", "-0.001", "0", None],
    ),
    "e": (
        DataType(TypeRoot.DECIMAL, precision=38, scale=10), "numeric(38,10)",
        ["1234567890123456789012345678.0123456789", "-1", "0.0000000001", None],
    ),
    "m": (
        DataType(TypeRoot.TIMESTAMP, precision=3), "timestamp(3)",
        ["1969-12-31 23:59:59.999", "2026-01-01", "0001-01-01", "9999-12-31 23:59:59.999", None],
    ),
    "u": (
        DataType(TypeRoot.TIMESTAMP, precision=6), "timestamp",
        ["1969-12-31 23:59:59.999999", "2026-01-01 00:00:00.000001", None],
    ),
    "l": (
        DataType(TypeRoot.TIMESTAMP_LTZ, precision=6), "timestamptz",
        ["1969-12-31 23:59:59.999999+05", "2026-06-01 12:00+02", None],
    ),
    "c": (
        DataType(TypeRoot.TIME, precision=0), "time", ["00:00", "23:59:59", None],
    ),
}  # fmt: skip
KEYED = ("s", "n", "t", "e", "u", "l", "b")


@pytest.fixture
def odd(postgres: Postgres) -> Iterator[Postgres]:
    """A table of odd values under a number."""
    postgres.create(
        "id int PRIMARY KEY, " + ", ".join(f"{name} {pg}" for name, (_, pg, _) in VALUES.items())
    )
    noise = random.Random(4)
    rows = [(i, *(noise.choice(values) for _, _, values in VALUES.values())) for i in range(400)]
    marks = ", ".join(["%s"] * (len(VALUES) + 1))
    with postgres.connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {postgres.table} VALUES ({marks})".encode(), rows)
    yield postgres
    postgres.connection.execute(f"DROP TABLE {postgres.table}".encode())


def described(postgres: Postgres, key: tuple[str, ...]) -> tuple[TableDescriptor, list[Column]]:
    columns = [Column("id", BIGINT)]
    columns += [Column(name, type_) for name, (type_, _, _) in VALUES.items()]
    options = {
        part.split("'")[1]: part.split("'")[3]
        for part in postgres.jdbc("t", "x INT").partition("WITH (")[2].split(", ")
    }
    return TableDescriptor("t", Schema(tuple(columns)), options, key), columns


def copied(table: TableDescriptor, columns: list[Column], *, upsert: bool = False) -> CopiedSums:
    plan = CopyPlan(table, CONNECTORS["jdbc"], False, upsert)
    return CopiedSums(plan, columns, JobContext("reconcile", FORMATS), 5)


@pytest.mark.servers
def test_sums_of_odd_values_are_the_same_in_postgres_and_in_a_copy(
    odd: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With each of the values in the key, cut into small ranges; then one of each is changed."""
    monkeypatch.setattr(bisecting, "PARTS", 3)
    monkeypatch.setattr(bisecting, "LEAF_ROWS", 4)
    monkeypatch.setattr(holding, "_FOLD_ROWS", 150)
    monkeypatch.setattr(copying, "_ROWS_PER_READ", 64)
    where = " AND ".join(f"{name} IS NOT NULL" for name in KEYED)
    odd.connection.execute(f"DELETE FROM {odd.table} WHERE NOT ({where})".encode())
    odd.connection.execute(f"ALTER TABLE {odd.table} ADD UNIQUE ({', '.join((*KEYED, 'id'))})")
    for key in (("id",), (*KEYED, "id")):
        table, columns = described(odd, key)
        left, right = keyed(table, columns, key, portable=True), copied(table, columns)
        try:
            left.begin(), right.begin()
            (one,), (two,) = left.sums(KeyRange()), right.sums(KeyRange())
            assert one == two and one.rows > 5
            rows = left.within(KeyRange())
            assert {k: v.values for k, v in rows.items()} == {
                k: v.values for k, v in right.within(KeyRange()).items()
            }
            cuts = right.cuts(KeyRange(), one.rows, 9)
            assert cuts == left.cuts(KeyRange(), one.rows, 9) and len(cuts) > 3
            assert left.sums(KeyRange(), cuts) == right.sums(KeyRange(), cuts)
            left.end()
            some = list(rows)[::7]
            for number, at in enumerate(some):
                name = list(VALUES)[number % len(VALUES)]
                odd.connection.execute(
                    f"UPDATE {odd.table} SET {name} = NULL WHERE id = %s".encode()
                    if name not in KEYED
                    else f"DELETE FROM {odd.table} WHERE id = %s".encode(),
                    (at[-1],),
                )
            left.begin()
            found = bisect(left, right, *left.sums(KeyRange()), two)
            now = left.of(list(rows))
            wanted = {k for k, row in rows.items() if k not in now or now[k].values != row.values}
            assert set(found.keys) == wanted and wanted
            assert {k: v.values for k, v in right.of(some).items()} == {
                k: rows[k].values for k in some
            }
            right.begin()
            assert left.sums(KeyRange()) == right.sums(KeyRange())
            left.end()
        finally:
            left.close(), right.close()


def test_rows_that_stand_twice_or_were_withdrawn_wrongly_are_not_one_row() -> None:
    columns = [Column("id", BIGINT), Column("v", STRING)]

    def batch(*rows: tuple[int, str]) -> pa.RecordBatch:
        return pa.RecordBatch.from_pylist([{"id": a, "v": b} for a, b in rows])

    counted = holding.HeldRows(columns, ("id",), upsert=False)
    counted.add(batch((1, "a"), (2, "b"), (3, "c"), (4, "d")), pa.array([1, 1, 1, 1]))
    assert {k: v.times for k, v in counted.within(KeyRange()).items()} == {
        ("1",): 1, ("2",): 1, ("3",): 1, ("4",): 1,
    }  # fmt: skip
    counted.add(batch((1, "a"), (2, "x"), (3, "c"), (4, "d")), pa.array([1, -1, -1, 1]))
    counted.add(batch((4, "d"), (5, "gone")), pa.array([-1, -1]))
    for found in (counted.of([(str(i),) for i in range(9)]), counted.within(KeyRange())):
        assert {k: v.times for k, v in found.items()} == {
            ("1",): 2, ("2",): 2, ("4",): 1, ("5",): -1,
        }  # fmt: skip
    counted.close()
    newest = holding.HeldRows(columns, ("id",), upsert=True)
    newest.add(batch((1, "a"), (1, "b"), (2, "c"), (2, "c")), pa.array([1, 1, 1, -1]))
    newest.add(batch((1, "d")), pa.array([1]))
    assert {k: v.values for k, v in newest.of([("1",), ("2",)]).items()} == {("1",): ("1", "d")}
    nothing = pa.RecordBatch.from_arrays([pa.nulls(1, pa.int64()), pa.array(["x"])], ["id", "v"])
    assert newest.add(nothing, pa.array([1])) == 1
    assert newest.sums(KeyRange())[0].rows == 1
    newest.close()


def test_values_are_shown_as_people_write_them() -> None:
    double, single = VALUES["d"][0], VALUES["f"][0]
    for type_, value in ((double, 0.1), (double, 1e300), (single, 0.5)):
        (text,) = plain(pa.array([value], type_.arrow()), type_).to_pylist()
        assert shown(text, type_) == str(value)
    fine = replace(VALUES["u"][0], precision=9)
    for type_, text in (
        (VALUES["u"][0], "0001-01-01 00:00:00.5"),
        (VALUES["l"][0], "1969-12-31 23:59:59.999999+00"),
        (DATE, "9999-12-31"), (fine, "2026-01-01 00:00:00.001"), (BOOLEAN, "true"),
    ):  # fmt: skip
        assert key_text(key_value(text, type_), type_) == text
    assert key_text(1_000_000_000_000_000_001, fine) == "2001-09-09 01:46:40.000000001"
    assert shown("3723000001", VALUES["c"][0]) == "01:02:03.000001"
