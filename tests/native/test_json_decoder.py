"""The native decoder gives the rows of the Python decoder, or hands the message back."""

from __future__ import annotations

import importlib.util
import json
import shutil
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tidemill.connectors.kafka import native
from tidemill.formats import FORMATS
from tidemill.model import Column, DataType, Schema, TypeRoot
from tidemill.model.types import BIGINT, BOOLEAN, DOUBLE, FLOAT, INT, STRING, TINYINT

COLUMNS: dict[str, tuple[str, DataType]] = {
    "b": ("bool", BOOLEAN),
    "t": ("int8", TINYINT),
    "i": ("int32", INT),
    "l": ("int64", BIGINT),
    "f": ("float", FLOAT),
    "d": ("double", DOUBLE),
    "s": ("string", STRING),
    "r": ("int32", DataType(TypeRoot.INTEGER, nullable=False)),
}
SCHEMA = Schema(tuple(Column(name, type_) for name, (_, type_) in COLUMNS.items()))
FIELDS = [(name, text, not type_.nullable) for name, (text, type_) in COLUMNS.items()]


def both(messages: list[bytes | None]) -> tuple[list[dict[str, Any]], set[int], dict[int, Any]]:
    """Native rows, the indexes it handed back, and Python's row of each message that has one."""
    crate = native.library()
    batch, unsure = crate.JsonDecoder(FIELDS).decode(messages)
    rows = pa.record_batch(batch).to_pylist()
    factory = FORMATS["json"]
    assert factory.decoder is not None
    decoded = factory.decoder(SCHEMA, factory.options.parse({}), None).decode(messages)
    origin = range(len(messages)) if decoded.origin is None else decoded.origin.to_pylist()
    python: dict[int, Any] = {}
    for index, row in zip(origin, decoded.rows.to_pylist(), strict=True):
        python.setdefault(index, []).append(row)
    return rows, set(unsure), python


def agree(messages: list[bytes | None]) -> set[int]:
    """Assert that every message that native decided has exactly Python's row."""
    rows, unsure, python = both(messages)
    assert len(rows) == len(messages)
    for index in set(range(len(messages))) - unsure:
        assert python.get(index) == [rows[index]], messages[index]
    return unsure


def test_it_is_built_where_rust_is() -> None:
    assert (importlib.util.find_spec("tidemill_native") is not None) or not shutil.which("cargo")


def with_native(test: Any) -> Any:
    """The laws hold of the crate; where no Rust built it there is nothing to hold to them."""
    return test if native.library() is not None else lambda: None


@with_native
def test_plain_rows_are_decided() -> None:
    row = {"b": True, "t": -128, "i": 7, "l": -(2**63), "f": 0.1, "d": 1e300, "s": "aé😀", "r": 1}
    messages: list[bytes | None] = [
        json.dumps(row, ensure_ascii=False).encode(),
        b' { "r" : 1 , "x" : { "y" : [ 1 , { } , "}" ] } , "s" : "a\\n\\"b\\\\" } ',
        b'{"r":1,"s":null,"d":3}',
        b'{"d":-0.0,"r":0}',
    ]
    assert agree(messages) == set()


@with_native
def test_what_needs_other_rules_is_handed_back() -> None:
    messages: list[bytes | None] = [
        None, b"", b"[]", b"null", b"{", b'{"r":1}}', b'{"r":"1"}', b'{"r":1.0}', b'{"r":1e0}',
        b'{"i":2147483648,"r":1}', b'{"t":128,"r":1}', b'{"s":5,"r":1}', b'{"r":01}',
        b'{"r":1,"r":2}', b'{"s":"\xff","r":1}', b'{"x":"\xff","r":1}', b'{"s":"\\u00e4","r":1}',
        b'{"x":tru,"r":1}', b'{"s":"\x01","r":1}', b'{"b":1,"r":1}', b'{"i":1}', b'{"r":null}',
        b'{"d":NaN,"r":1}', b'{"r":1,}', b"[" * 10_000, b'{"x":' + b"[" * 10_000,
    ]  # fmt: skip
    assert agree(messages) == set(range(len(messages)))


values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.integers(-200, 200),
    st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
)  # fmt: skip
objects = st.dictionaries(st.sampled_from([*COLUMNS, "x", "y"]), values, max_size=10)


@with_native
@given(st.lists(st.tuples(objects, st.booleans()), max_size=12))
def test_any_object(items: list[tuple[dict[str, Any], bool]]) -> None:
    agree([json.dumps(row, ensure_ascii=ascii_only).encode() for row, ascii_only in items])


@with_native
@given(st.lists(st.tuples(objects, st.integers(0, 200), st.binary(max_size=4)), max_size=8))
def test_any_damage(items: list[tuple[dict[str, Any], int, bytes]]) -> None:
    messages: list[bytes | None] = []
    for row, at, junk in items:
        text = json.dumps(row).encode()
        at = min(at, len(text))
        messages.append(text[:at] + junk + text[at + 1 :])
    agree(messages)


@with_native
@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_bytes(messages: list[bytes]) -> None:
    agree(list(messages))
