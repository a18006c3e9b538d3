"""The native reader of Avro gives the raw columns of the Python readers, and calls the same bad."""

from __future__ import annotations

import io
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.formats.avro.general import GeneralReader
from tidemill.formats.avro.native import NativeReader
from tidemill.formats.avro.raw import is_flat, read_schema
from tidemill.formats.avro.vectors import read_flat
from tidemill.interfaces.native import library

INNER = {"type": "record", "name": "n", "fields": [
    {"name": "x", "type": "int"}, {"name": "y", "type": ["string", "null"]}]}  # fmt: skip
FLAT = {
    "a": ("int", st.integers(-(2**31), 2**31 - 1)),
    "b": (["null", "long"], st.none() | st.integers(-(2**63), 2**63 - 1)),
    "c": ("string", st.text(max_size=5)),
    "d": (["null", "bytes"], st.none() | st.binary(max_size=4)),
    "e": ("boolean", st.booleans()),
    "f": ("float", st.floats(width=32, allow_nan=False)),
    "g": ("double", st.floats(allow_nan=False)),
    "h": ({"type": "enum", "name": "e", "symbols": ["A", "B1"]}, st.sampled_from(["A", "B1"])),
    "i": ({"type": "fixed", "name": "f", "size": 3}, st.binary(min_size=3, max_size=3)),
    "j": (["null", INNER], st.none() | st.fixed_dictionaries(
        {"x": st.integers(-9, 9), "y": st.none() | st.text(max_size=3)})),
    "k": ("null", st.none()),
    "l": (["null"], st.none()),
}  # fmt: skip
NESTED = {
    "m": ({"type": "array", "items": ["null", "string"]},
          st.lists(st.none() | st.text(max_size=3), max_size=3)),
    "n": (["null", {"type": "map", "values": {"type": "array", "items": "int"}}],
          st.none() | st.dictionaries(
              st.text(max_size=3), st.lists(st.integers(-9, 9), max_size=2), max_size=3)),
}  # fmt: skip


def with_native(test: Any) -> Any:
    """The laws hold of the crate; where no Rust built it there is nothing to hold to them."""
    return test if library() is not None else lambda: None


def schema_of(fields: dict[str, Any]) -> Any:
    listed = [{"name": name, "type": kind} for name, (kind, _) in fields.items()]
    return read_schema({"type": "record", "name": "r", "fields": listed})


SCHEMAS = {"flat": schema_of(FLAT), "nested": schema_of({**FLAT, **NESTED})}
ROWS = {
    "flat": st.fixed_dictionaries({name: values for name, (_, values) in FLAT.items()}),
    "nested": st.fixed_dictionaries(
        {name: values for name, (_, values) in {**FLAT, **NESTED}.items()}
    ),
}


def python(schema: Any, messages: Any, wanted: frozenset[str]) -> Any:
    if is_flat(schema):
        return read_flat(messages, schema, wanted)
    return GeneralReader(schema).read(messages, wanted)


def agree(which: str, messages: list[bytes], wanted: frozenset[str]) -> list[int]:
    """Assert that both give the same; the messages that the crate left to Python."""
    schema = SCHEMAS[which]

    def rest(some: Any, names: frozenset[str]) -> Any:
        return python(schema, some, names)

    reader = NativeReader(library(), schema, wanted, rest)
    found, bad = reader.read(messages)
    expected, worse = python(schema, messages, wanted)
    assert bad.tolist() == worse.tolist()
    assert found.keys() == expected.keys()
    kept = pa.array(np.flatnonzero(~bad))
    for name, array in expected.items():
        assert found[name].type == array.type
        # by their texts, as NaN, which a harmed message can hold, is not equal to itself
        assert repr(found[name].take(kept).to_pylist()) == repr(array.take(kept).to_pylist())
    return list(reader._native.read(messages)[1])


def written(which: str, rows: list[Any]) -> list[bytes]:
    parsed = fastavro.parse_schema(SCHEMAS[which], _force=True)
    found = []
    for row in rows:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, parsed, row)
        found.append(buffer.getvalue())
    return found


wanted_of = {
    which: st.sets(st.sampled_from([f["name"] for f in schema["fields"]])).map(frozenset)
    for which, schema in SCHEMAS.items()
}
harms = st.none() | st.tuples(st.integers(0, 60), st.binary(max_size=2), st.integers(0, 3))


@with_native
@pytest.mark.parametrize("which", ["flat", "nested"])
@settings(max_examples=60)
@given(st.data())
def test_any_message(which: str, data: Any) -> None:
    rows = data.draw(st.lists(ROWS[which], max_size=5))
    wanted = data.draw(wanted_of[which])
    messages = written(which, rows)
    assert agree(which, messages, wanted) == []
    hurt = []
    for message in messages:
        harm = data.draw(harms)
        if harm is not None:
            at = min(harm[0], len(message))
            message = message[:at] + harm[1] + message[at + harm[2] :]
        hurt.append(message)
    agree(which, hurt, wanted)


@with_native
@pytest.mark.parametrize("which", ["flat", "nested"])
@settings(max_examples=60)
@given(st.data())
def test_any_bytes(which: str, data: Any) -> None:
    messages = data.draw(st.lists(st.binary(max_size=30), max_size=6))
    agree(which, messages, data.draw(wanted_of[which]))


@with_native
def test_numbers_that_do_not_end_and_blocks_of_impossible_size() -> None:
    wanted = frozenset(["a", "m"])
    row = {**dict.fromkeys("bdjkln"), "a": 1, "c": "", "e": True, "f": 0.0, "g": 0.0, "h": "A"}
    (start,) = written("nested", [{**row, "i": b"abc", "m": []}])
    cut = start[: start.rindex(b"\0\0")]
    for tail in (b"\xff" * 12, b"\xfe\xff\xff\xff\x0f", b"\x01\x00\x00", b"\x02"):
        agree("nested", [start, cut + tail], wanted)
    sized = cut + b"\x01\x04" + b"\x00" + b"\x00\x00"  # a block that tells its bytes: one null
    assert agree("nested", [sized], wanted) == []
    with pytest.raises(ValueError, match="no type"):
        library().AvroReader([("x", ("strange", [], [], 0), True)])
