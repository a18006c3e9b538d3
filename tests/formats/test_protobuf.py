"""Protobuf by a descriptor file: what Flink's rules make of messages, and what is refused."""

from __future__ import annotations

from typing import Any, ClassVar

import pyarrow as pa
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tidemill.errors import ConnectorError, ProjectError
from tidemill.formats import FORMATS
from tidemill.model import Batch
from tidemill.testing import FormatContract

F = descriptor_pb2.FieldDescriptorProto
COLUMNS = (
    "id BIGINT, name STRING, small INT, big BIGINT, ok BOOLEAN, f FLOAT, d DOUBLE, raw BYTES, "
    "kind STRING, inner ROW<x INT, y STRING>, items ARRAY<STRING>, "
    "rows ARRAY<ROW<x INT, y STRING>>, counts MAP<STRING, BIGINT>"
)  # fmt: skip
PLAIN = (
    ("id", F.TYPE_INT64), ("name", F.TYPE_STRING), ("small", F.TYPE_UINT32),
    ("big", F.TYPE_UINT64), ("ok", F.TYPE_BOOL), ("f", F.TYPE_FLOAT), ("d", F.TYPE_DOUBLE),
    ("raw", F.TYPE_BYTES),
)  # fmt: skip


def described(syntax: str) -> descriptor_pb2.FileDescriptorSet:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"order_{syntax}.proto", package=f"shop.{syntax}", syntax=syntax
    )
    file.options.java_package = f"com.example.{syntax}"
    kind = file.enum_type.add(name="Kind")
    kind.value.add(name="NONE", number=0)
    kind.value.add(name="SOME", number=1)
    inner = file.message_type.add(name="Inner")
    inner.field.add(name="x", number=1, type=F.TYPE_INT32, label=F.LABEL_OPTIONAL)
    inner.field.add(name="y", number=2, type=F.TYPE_STRING, label=F.LABEL_OPTIONAL)
    order = file.message_type.add(name="Order")
    for number, (name, type_) in enumerate(PLAIN, 1):
        order.field.add(name=name, number=number, type=type_, label=F.LABEL_OPTIONAL)
    prefix = f".shop.{syntax}"
    more: list[tuple[str, Any, Any, str]] = [
        ("kind", F.TYPE_ENUM, F.LABEL_OPTIONAL, f"{prefix}.Kind"),
        ("inner", F.TYPE_MESSAGE, F.LABEL_OPTIONAL, f"{prefix}.Inner"),
        ("items", F.TYPE_STRING, F.LABEL_REPEATED, ""),
        ("rows", F.TYPE_MESSAGE, F.LABEL_REPEATED, f"{prefix}.Inner"),
        ("counts", F.TYPE_MESSAGE, F.LABEL_REPEATED, f"{prefix}.Order.CountsEntry"),
    ]
    for number, (name, type_, label, named) in enumerate(more, 20):
        order.field.add(name=name, number=number, type=type_, label=label, type_name=named or None)
    entry = order.nested_type.add(name="CountsEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=F.TYPE_STRING, label=F.LABEL_OPTIONAL)
    entry.field.add(name="value", number=2, type=F.TYPE_INT64, label=F.LABEL_OPTIONAL)
    return descriptor_pb2.FileDescriptorSet(file=[file])


def made(syntax: str, **values: Any) -> bytes:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(described(syntax).file[0])
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"shop.{syntax}.Order"))
    return message(**values).SerializeToString()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shop.desc"
    both = descriptor_pb2.FileDescriptorSet()
    for syntax in ("proto2", "proto3"):
        both.file.extend(described(syntax).file)
    path.write_bytes(both.SerializeToString())
    return path


class TestProtobuf(FormatContract):
    factory = FORMATS["protobuf"]
    syntax: ClassVar[str] = "proto2"

    @pytest.fixture(autouse=True)
    def _setup(self, schema_of, file) -> None:
        self.schema = schema_of(COLUMNS)
        self.options = {
            "message-class-name": f"com.example.{self.syntax}.Order{self.syntax.title()}$Order",
            "descriptor-file": str(file),
        }
        self.samples = (
            made(self.syntax, id=1, name="a", kind=1, inner={"x": 2, "y": "z"}, items=["p"]),
            made(self.syntax, id=2, name="b", counts={"k": 3}, rows=[{"x": 1}, {"y": "q"}]),
        )

    def batch(self) -> Batch:
        row = {
            "id": -1, "name": "é", "small": -1, "big": -(2**63), "ok": True, "f": 0.5, "d": 1e300,
            "raw": b"\x00\xff", "kind": "SOME", "inner": {"x": 1, "y": "i"}, "items": ["", "x"],
            "rows": [{"x": 1, "y": "a"}, {"x": 2, "y": "b"}], "counts": [("a", 1), ("b", 2)],
        }  # fmt: skip
        return Batch(pa.RecordBatch.from_pylist([row], schema=self.schema.arrow()))


class TestProto3(TestProtobuf):
    syntax: ClassVar = "proto3"


def decoded(schema, file, syntax, **options):
    factory = FORMATS["protobuf"]
    given = {"message-class-name": f"shop.{syntax}.Order", "descriptor-file": str(file), **options}
    return factory.decoder(schema, factory.options.parse(given), None)


def test_absent_fields_follow_flink(schema_of, file):
    schema = schema_of("id BIGINT, name STRING, inner ROW<x INT>, items ARRAY<STRING>, kind INT")
    nothing = {"id": None, "name": None, "inner": None, "items": None, "kind": None}
    (row,) = decoded(schema, file, "proto2").decode([b""]).rows.to_pylist()
    assert row == nothing
    (row,) = decoded(schema, file, "proto3").decode([b""]).rows.to_pylist()
    assert row == {**nothing, "id": 0, "name": "", "kind": 0}
    everything = decoded(schema, file, "proto2", **{"read-default-values": "true"})
    (row,) = everything.decode([b""]).rows.to_pylist()
    assert row == {"id": 0, "name": "", "inner": {"x": 0}, "items": [], "kind": 0}


def test_bad_messages_are_set_aside_or_skipped(schema_of, file):
    schema = schema_of("id BIGINT NOT NULL")
    messages = [made("proto2", id=1), b"\xff\xff", None, made("proto2", name="x")]
    found = decoded(schema, file, "proto2").decode(messages)
    assert [(r.index, r.code) for r in found.rejects] == [
        (1, "format.malformed"), (3, "format.null-in-not-null"),
    ]  # fmt: skip
    assert found.rows.to_pylist() == [{"id": 1}] and found.skipped == 1
    ignoring = decoded(schema, file, "proto2", **{"ignore-parse-errors": "true"}).decode(messages)
    assert not ignoring.rejects and ignoring.skipped == 3


@pytest.mark.parametrize(
    ("columns", "said"),
    [("idd BIGINT", "no field `idd`"), ("id INT", "`id` is int64"), ("items STRING", "repeated"),
     ("inner ROW<x STRING>", "`inner.x` is int32"), ("counts MAP<STRING, INT>", "`counts{}`")],
)  # fmt: skip
def test_columns_that_do_not_fit_are_refused(schema_of, file, columns, said):
    with pytest.raises(ProjectError) as caught:
        decoded(schema_of(columns), file, "proto2")
    assert said in caught.value.message


def test_wrong_files_and_names_are_refused(schema_of, file, tmp_path):
    schema = schema_of("id BIGINT")
    with pytest.raises(ProjectError, match="has no message"):
        decoded(schema, file, "proto4")
    (tmp_path / "bad").write_bytes(b"\xff\xff")
    with pytest.raises(ProjectError, match="no descriptor set"):
        decoded(schema, tmp_path / "bad", "proto2")
    with pytest.raises(ProjectError, match="cannot be read"):
        decoded(schema, tmp_path / "none", "proto2")
    later = decoded(schema, "not-there-yet.desc", "proto2")
    with pytest.raises(ProjectError, match="cannot be read"):
        later.decode([b""])


def test_a_text_that_is_no_name_of_the_enum_stops(schema_of, file):
    factory = FORMATS["protobuf"]
    schema = schema_of("kind STRING")
    given = {"message-class-name": "shop.proto2.Order", "descriptor-file": str(file)}
    encoder = factory.encoder(schema, factory.options.parse(given))
    with pytest.raises(ConnectorError) as caught:
        encoder.encode(Batch(pa.RecordBatch.from_pylist([{"kind": "NO"}], schema=schema.arrow())))
    assert caught.value.code == "format.not-encodable"
