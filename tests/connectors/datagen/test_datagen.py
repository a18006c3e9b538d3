"""`datagen`: all types, Flink's options, exact and repeatable positions."""

from __future__ import annotations

import time
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.connectors.datagen.connector import CONNECTOR
from tidemill.errors import ConnectorError, ProjectError
from tidemill.interfaces.connector import JobContext
from tidemill.model import Column, DataType, Field, Schema, TableDescriptor, TypeRoot
from tidemill.model import types as t

JOB = JobContext("job", {})
ALL_TYPES = {
    "b": t.BOOLEAN, "i1": t.TINYINT, "i2": t.SMALLINT, "i4": t.INT, "i8": t.BIGINT,
    "f4": t.FLOAT, "f8": t.DOUBLE, "d": t.decimal(10, 2), "dw": t.decimal(38, 10),
    "c": DataType(TypeRoot.CHAR, length=7), "v": DataType(TypeRoot.VARCHAR, length=20),
    "s": t.STRING, "bi": DataType(TypeRoot.BINARY, length=3), "by": t.BYTES,
    "da": t.DATE, "ti": DataType(TypeRoot.TIME, precision=0), "ts": t.timestamp(3),
    "ts9": t.timestamp(9), "lt": t.timestamp_ltz(3),
    "ym": t.simple(TypeRoot.INTERVAL_YEAR_MONTH), "dt": t.simple(TypeRoot.INTERVAL_DAY_TIME),
    "arr": DataType(TypeRoot.ARRAY, element=t.INT),
    "m": DataType(TypeRoot.MAP, key=t.BOOLEAN.with_nullable(False), value=t.STRING),
    "ms": DataType(TypeRoot.MULTISET, element=t.TINYINT),
    "r": DataType(TypeRoot.ROW, fields=(Field("x", t.INT), Field("y", t.decimal(5, 1)))),
}  # fmt: skip


def table(columns: dict[str, DataType], **options: str) -> TableDescriptor:
    schema = Schema(tuple(Column(name, type_) for name, type_ in columns.items()))
    given = {"connector": "datagen", **{k.replace("__", "-"): v for k, v in options.items()}}
    return TableDescriptor("gen", schema, given)


def with_fields(base: TableDescriptor, **fields: str) -> TableDescriptor:
    named = {f"fields.{k}".replace("__", "."): v for k, v in fields.items()}
    return TableDescriptor(base.name, base.schema, {**base.options, **named})


def rows_of(descriptor: TableDescriptor, sizes: list[int], start: dict | None = None) -> pa.Table:
    source = CONNECTOR.source(descriptor, JOB)
    source.open(start or {})
    batches = []
    for size in sizes:
        for part in source.read(size, 2000):
            part.rows.validate(full=True)
            batches.append(part.rows)
    source.close()
    return pa.Table.from_batches(batches, descriptor.schema.arrow())


def test_every_type_is_made_and_valid():
    made = rows_of(table(ALL_TYPES, seed="7"), [40, 3])
    assert made.num_rows == 43
    assert all(column.null_count == 0 for column in made.columns)
    assert pc.utf8_length(made["c"])[0].as_py() == 7
    assert pc.utf8_length(made["v"])[0].as_py() == 20
    assert pc.utf8_length(made["s"])[0].as_py() == 100
    assert all(len(dict(m)) == len(m) <= 2 for m in made["m"].to_pylist())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.integers(0, 2**63 - 1))
def test_rows_depend_on_seed_and_index_alone(sizes: list[int], seed: int):
    base = table(
        ALL_TYPES, seed=str(seed), rows__per__second="1000000000", start__time="2026-01-01"
    )
    whole = rows_of(base, [sum(sizes)])
    split = rows_of(base, sizes)
    assert whole.num_rows == split.num_rows == sum(sizes)
    for name in ALL_TYPES:
        if not pa.types.is_interval(whole[name].type):
            assert whole[name].combine_chunks().equals(split[name].combine_chunks()), name
    middle = {"0": {"row": sizes[0], "seed": seed}}
    rest = rows_of(table(ALL_TYPES, start__time="2026-01-01"), sizes[1:], middle)
    assert rest.drop(["ts", "ts9", "lt", "ti", "da"]).to_pylist() == (
        whole.slice(sizes[0]).drop(["ts", "ts9", "lt", "ti", "da"]).to_pylist()
    )


def test_a_restore_without_seed_goes_on_with_the_seed_of_the_position():
    descriptor = table({"i8": t.BIGINT}, rows__per__second="1000000")
    source = CONNECTOR.source(descriptor, JOB)
    source.open({})
    (first,) = source.read(10, 1000)
    (second,) = source.read(10, 1000)
    again = CONNECTOR.source(descriptor, JOB)
    again.open({"0": first.position})
    (other,) = again.read(10, 1000)
    assert other.rows.equals(second.rows)
    assert other.position == second.position


def test_sequences_bound_the_table():
    base = table({"n": t.INT, "s": t.STRING, "d": t.decimal(6, 2)})
    descriptor = with_fields(
        base, n__kind="sequence", n__start="5", n__end="9",
        s__kind="sequence", s__start="1", s__end="100",
        d__kind="sequence", d__start="-2", d__end="100",
    )  # fmt: skip
    assert CONNECTOR.bounded(descriptor, JOB)
    made = rows_of(descriptor, [3, 100, 100])
    assert made["n"].to_pylist() == [5, 6, 7, 8, 9]
    assert made["s"].to_pylist() == ["1", "2", "3", "4", "5"]
    assert made["d"].to_pylist()[0] == Decimal("-2.00")


def test_number_of_rows_ends_the_table():
    descriptor = table({"n": t.INT}, number__of__rows="12")
    source = CONNECTOR.source(descriptor, JOB)
    source.open({})
    assert not source.finished()
    while not source.finished():
        source.read(5, 100)
    assert source.read(5, 0) == ()
    assert not CONNECTOR.bounded(table({"n": t.INT}), JOB)


def test_ranges_lengths_and_nulls():
    base = table(
        {"n": t.INT, "f": t.DOUBLE, "d": t.decimal(5, 2), "s": t.STRING,
         "a": DataType(TypeRoot.ARRAY, element=t.TINYINT), "x": t.BIGINT},
        rows__per__second="1000000000",
    )  # fmt: skip
    descriptor = with_fields(
        base, n__min="3", n__max="5", f__min="-1", f__max="1", d__min="-1.5", d__max="1.50",
        s__length="9", a__length="2", a__element__max="1", a__element__min="0",
    )  # fmt: skip
    options = {**descriptor.options, "fields.x.null-rate": "0.5", "fields.s.var-len": "true"}
    made = rows_of(TableDescriptor("gen", descriptor.schema, options), [20_000])
    assert set(made["n"].to_pylist()) == {3, 4, 5}
    assert -1 <= pc.min(made["f"]).as_py() < 0 < pc.max(made["f"]).as_py() <= 1
    assert pc.min(made["d"]).as_py() == Decimal("-1.50")
    assert pc.max(made["d"]).as_py() == Decimal("1.50")
    assert set(pc.utf8_length(made["s"]).to_pylist()) == set(range(1, 10))
    assert {x for a in made["a"].to_pylist() for x in a} == {0, 1}
    assert 9_500 < made["x"].null_count < 10_500


def test_timestamps_stay_within_max_past_of_now():
    options = {"connector": "datagen", "fields.ts.max-past": "10 s"}
    schema = Schema((Column("ts", t.timestamp_ltz(3)),))
    made = rows_of(TableDescriptor("gen", schema, options), [1000])
    ages = [time.time() - value.timestamp() for value in made["ts"].to_pylist()]
    assert all(-1 < age < 15 for age in ages)
    assert len(set(ages)) > 1


def test_start_time_is_a_clock_of_its_own():
    made = rows_of(
        table({"ts": t.timestamp(3)}, start__time="2026-01-01 00:00:00", rows__per__second="10"),
        [1] * 3,
    )
    assert [v.isoformat(timespec="milliseconds") for v in made["ts"].to_pylist()] == [
        "2026-01-01T00:00:00.000", "2026-01-01T00:00:00.100", "2026-01-01T00:00:00.200",
    ]  # fmt: skip


def test_the_rate_is_kept():
    source = CONNECTOR.source(table({"n": t.INT}, rows__per__second="2000"), JOB)
    source.open({})
    start, rows = time.monotonic(), 0
    while time.monotonic() - start < 0.5:
        rows += sum(part.records for part in source.read(100_000, 50))
    assert 500 <= rows <= 1300


@pytest.mark.parametrize(
    ("options", "needle"),
    [
        ({"fields.n.kind": "sequence"}, "needs the option `fields.n.start`"),
        ({"fields.n.kind": "zigzag"}, "zigzag"),
        ({"fields.nope.min": "1"}, "fields.nope.min"),
        ({"fields.n.max": "3000000000"}, "3000000000"),
        ({"fields.n.min": "x"}, "fields.n.min"),
        ({"fields.n.null-rate": "2"}, "null-rate"),
        ({"fields.c.length": "9"}, "fields.c.length"),
        ({"fields.c.var-len": "true"}, "fields.c.var-len"),
        ({"rows-per-second": "0"}, "rows-per-second"),
        ({"start-time": "soon"}, "soon"),
        ({"number-of-row": "1"}, "number-of-row"),
    ],
)
def test_bad_options_are_refused_by_name(options: dict[str, str], needle: str):
    schema = Schema((Column("n", t.INT), Column("c", DataType(TypeRoot.CHAR, length=7))))
    with pytest.raises(ProjectError) as caught:
        CONNECTOR.source_changelog(TableDescriptor("gen", schema, options), JOB)
    assert needle in caught.value.message


def test_a_foreign_position_is_refused():
    source = CONNECTOR.source(table({"n": t.INT}), JOB)
    with pytest.raises(ConnectorError, match="no position"):
        source.open({"0": "elsewhere"})
