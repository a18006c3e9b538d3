"""`print`: Flink's text, and nothing before the commit."""

from __future__ import annotations

import datetime as dt
import io
import sys
from decimal import Decimal

import pyarrow as pa
import pytest

from tidemill.connectors.print.connector import CONNECTOR
from tidemill.connectors.print.text import java_date
from tidemill.errors import ConnectorError, ProjectError
from tidemill.interfaces.connector import JobContext
from tidemill.model import Batch, Column, DataType, Field, Schema, TableDescriptor, TypeRoot
from tidemill.model import types as t

JOB = JobContext("job", {})


def table(columns: dict[str, DataType], name: str = "out", **options: str) -> TableDescriptor:
    schema = Schema(tuple(Column(n, type_) for n, type_ in columns.items()))
    return TableDescriptor(name, schema, {k.replace("_", "-"): v for k, v in options.items()})


def batch(descriptor: TableDescriptor, rows: list[tuple], kinds: list[int] | None = None) -> Batch:
    arrow = descriptor.schema.arrow()
    arrays = [pa.array([row[i] for row in rows], field.type) for i, field in enumerate(arrow)]
    record = pa.RecordBatch.from_arrays(arrays, schema=arrow)
    return Batch(record, None if kinds is None else pa.array(kinds, pa.int8()))


def shown(descriptor: TableDescriptor, rows: list[tuple], kinds: list[int] | None = None) -> str:
    group = CONNECTOR.commit_group([descriptor], JOB)
    group.open()
    group.writer(descriptor.name).write(batch(descriptor, rows, kinds))
    group.prepare(1)
    group.commit(1, {})
    group.close()
    return ""


def test_rows_show_their_kind_and_values(capsys):
    descriptor = table({"a": t.INT, "s": t.STRING})
    shown(descriptor, [(1, "x"), (2, None), (3, ""), (4, "ü, [")], [0, 1, 2, 3])
    assert capsys.readouterr().out == "+I[1, x]\n-U[2, null]\n+U[3, ]\n-D[4, ü, []\n"


def test_values_are_written_as_java_does(capsys):
    columns = {
        "b": t.BOOLEAN, "f": t.FLOAT, "d": t.DOUBLE, "n": t.decimal(10, 3), "by": t.BYTES,
        "da": t.DATE, "ti": DataType(TypeRoot.TIME, precision=3), "ts": t.timestamp(3),
        "lt": t.timestamp_ltz(6), "a": DataType(TypeRoot.ARRAY, element=t.BOOLEAN),
        "m": DataType(TypeRoot.MAP, key=t.STRING, value=t.DOUBLE),
        "r": DataType(TypeRoot.ROW, fields=(Field("x", t.INT), Field("y", t.STRING))),
    }  # fmt: skip
    row = (
        True, 0.1, 1e10, Decimal("1.500"), b"\x01\xff", dt.date(2026, 1, 2), dt.time(9, 5),
        dt.datetime(2026, 1, 2, 3, 4), dt.datetime(2026, 1, 2, 3, 4, 5, 600000, dt.UTC),  # noqa: DTZ001
        [True, None], [("k", 1.0)], {"x": 1, "y": None},
    )  # fmt: skip
    shown(table(columns), [row])
    assert capsys.readouterr().out == (
        "+I[true, 0.1, 1.0E10, 1.500, [1, -1], 2026-01-02, 09:05, 2026-01-02T03:04, "
        "2026-01-02T03:04:05.600Z, [true, null], {k=1.0}, +I[1, null]]\n"
    )


def test_dates_of_far_years():
    assert java_date(-719_529) == "-0001-12-31"
    assert java_date(2_932_897) == "+10000-01-01"


def test_nothing_is_shown_before_the_commit_nor_after_an_abort(capsys):
    descriptor = table({"a": t.INT})
    group = CONNECTOR.commit_group([descriptor], JOB)
    assert group.open() is None
    group.writer("out").write(batch(descriptor, [(1,)]))
    group.prepare(1)
    assert capsys.readouterr().out == ""
    group.abort()
    group.writer("out").write(batch(descriptor, [(2,)]))
    group.prepare(2)
    group.commit(2, {})
    assert capsys.readouterr().out == "+I[2]\n"


def test_identifier_standard_error_and_order_across_tables(capsys):
    left = table({"a": t.INT}, "left", print_identifier="L")
    right = table({"a": t.INT}, "right", standard_error="true")
    group = CONNECTOR.commit_group([left, right], JOB)
    group.writer("left").write(batch(left, [(1,)]))
    group.writer("right").write(batch(right, [(2,)]))
    group.writer("left").write(batch(left, [(3,)]))
    group.commit(1, {})
    captured = capsys.readouterr()
    assert captured.out == "L> +I[1]\nL> +I[3]\n"
    assert captured.err == "+I[2]\n"


def test_a_closed_output_is_a_clear_error(monkeypatch):
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(ConnectorError) as caught:
        shown(table({"a": t.INT}), [(1,)])
    assert caught.value.code == "connector.output-closed"


def test_an_unknown_option_is_refused():
    with pytest.raises(ProjectError, match="print-identifer"):
        CONNECTOR.sink_changelog(table({"a": t.INT}, print_identifer="x"), JOB)
