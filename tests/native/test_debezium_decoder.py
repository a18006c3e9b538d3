"""The native decoder of Debezium's events gives what the Python one gives, or leaves it to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.formats.debezium_json.decoder import DebeziumDecoder
from tidemill.formats.debezium_json.native import NativeDebeziumDecoder, natively
from tidemill.formats.json.options import DecodeRules
from tidemill.interfaces.native import library
from tidemill.model import Column, DataType, Schema, TypeRoot
from tidemill.model.types import DOUBLE, INT, STRING

SCHEMA = Schema(
    (
        Column("id", DataType(TypeRoot.BIGINT, nullable=False)),
        Column("name", STRING),
        Column("price", DataType(TypeRoot.DECIMAL, precision=8, scale=2)),
        Column("share", DOUBLE),
        Column("at", DataType(TypeRoot.TIMESTAMP, precision=6)),
        Column("tags", DataType(TypeRoot.ARRAY, element=STRING)),
        Column("unused", INT),
    )
)
PLACEHOLDER = "__debezium_unavailable_value"
NEEDED = frozenset(SCHEMA.names) - {"unused"}


def with_native(test: Any) -> Any:
    """The laws hold of the crate; where no Rust built it there is nothing to hold to them."""
    return test if library() is not None else lambda: None


def agree(messages: list[bytes | None], schema_include: bool, ignore: bool) -> set[int]:
    """Assert that both ways give the same; the messages that the crate left to Python."""
    rules = DecodeRules(ignore, tree=True, decimals=True)
    python = DebeziumDecoder(SCHEMA, rules, NEEDED, schema_include, True)
    native = natively(python, NEEDED)
    assert isinstance(native, NativeDebeziumDecoder)
    found, expected = native.decode(messages), python.decode(messages)
    assert found.rows.schema == expected.rows.schema
    assert found.rows.to_pylist() == expected.rows.to_pylist()
    for ours, theirs in ((found.kinds, expected.kinds), (found.origin, expected.origin)):
        assert ours is not None and theirs is not None
        assert ours.to_pylist() == theirs.to_pylist()
    assert (found.rejects, found.skipped) == (expected.rejects, expected.skipped)
    assert found.changes is not None and expected.changes is not None
    assert list(found.changes) == list(expected.changes)
    return set(native._native.decode(messages)[3])


SOURCE = {"connector": "postgresql", "name": "shop", "db": "app", "lsn": 20, "ts_ms": 5,
          "snapshot": "false", "sequence": '["10","20"]', "schema": "public"}  # fmt: skip
ROW = {"id": 1, "name": "é\n", "price": "12.50", "share": 0.5, "at": "2024-01-31 12:00:00.25",
       "tags": ["a", None], "unused": "x"}  # fmt: skip


def event(operation: str, before: Any, after: Any, **more: Any) -> dict[str, Any]:
    return {"before": before, "after": after, "source": SOURCE, "op": operation, "ts_ms": 7, **more}


@with_native
@pytest.mark.parametrize("schema_include", [False, True])
def test_plain_events_are_decided(schema_include: bool) -> None:
    events = [
        event("c", None, ROW), event("r", None, ROW, source=None), event("u", ROW, {"id": 1}),
        event("d", ROW, None), event("c", None, ROW, source={**SOURCE, "snapshot": True}),
        event("c", None, ROW, source={**SOURCE, "snapshot": "incremental"}),
        event("c", None, ROW, source={**SOURCE, "sequence": '[null,"7"]'}),
        event("c", None, ROW, source={**SOURCE, "connector": "mysql"}),
        {"op": "c", "after": {"id": 3}}, {"source": SOURCE, "op": "d", "before": {"id": 3}},
    ]  # fmt: skip
    if schema_include:
        events = [{"schema": {"type": "struct"}, "payload": e} for e in events]
    messages: list[bytes | None] = [json.dumps(e, ensure_ascii=False).encode() for e in events]
    assert agree([*messages, None, b""], schema_include, False) == set()


@with_native
def test_what_needs_other_rules_is_left_to_python() -> None:
    events: list[Any] = [
        event("u", None, ROW), event("d", None, None), event("c", ROW, ROW), event("t", None, None),
        event("c", None, {"name": "x"}), event("c", None, {"id": "1"}), event("c", None, []),
        {"after": ROW}, {"payload": event("c", None, ROW)}, [event("c", None, ROW)], 1, None,
        event("c", None, ROW, source={**SOURCE, "lsn": "20"}), event("cc", None, ROW),
        event("c", None, ROW, source={**SOURCE, "sequence": "[]"}),
        event("c", None, ROW, source={**SOURCE, "sequence": '["1", "2"]'}),
        {"after": ROW, "before": ROW, "op": "u"},
    ]  # fmt: skip
    messages: list[bytes | None] = [json.dumps(e).encode() for e in events]
    messages += [b'{"op":"c","op":"d","after":{"id":1}}', b'{"op":"c","after":{"id":1}', b"\xff"]
    messages += [b'{"op":"c","after":{"id":1},"after":null}', b'{"\\u006fp":"c","after":{"id":1}}']
    assert agree(messages, False, False) == set(range(len(messages)))


@with_native
def test_a_large_value_that_is_not_in_the_log_is_no_value() -> None:
    events = [
        event("u", {"id": 1, "name": "old"}, {"id": 1, "name": PLACEHOLDER}),
        event("c", None, {"id": 2, "name": PLACEHOLDER}),
        event("c", None, {"id": 3, "tags": [PLACEHOLDER]}),
    ]
    messages: list[bytes | None] = [json.dumps(e).encode() for e in events]
    agree(messages, False, False)


scalars = st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.text(max_size=4)
images = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers(-9, 9) | st.integers(-9, 9) | scalars,
        "name": st.text(max_size=5) | scalars | st.just(PLACEHOLDER),
        "price": st.sampled_from(["1.25", 3, 1.5, "1e3", "999999999", "x"]),
        "share": st.floats(allow_nan=False, allow_infinity=False),
        "at": st.datetimes().map(str) | scalars,
        "tags": st.lists(st.none() | st.text(max_size=3), max_size=3) | scalars,
        "unused": scalars,
    },
)
sources = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "connector": st.sampled_from(["postgresql", "mysql"]) | scalars,
        "name": st.just("shop") | scalars,
        "db": st.just("app") | scalars,
        "lsn": st.integers(0, 99) | scalars,
        "ts_ms": st.integers(0, 99) | scalars,
        "snapshot": st.sampled_from(["true", "false", "last", "incremental", True, False, None]),
        "sequence": st.sampled_from(['["1","2"]', '[null,"2"]', '["1",null]', "", None, "[1,2]"]),
    },
)
events = st.fixed_dictionaries(
    {"op": st.sampled_from(["c", "r", "u", "d", "c", "u", "x"]) | scalars},
    optional={"before": images, "after": images, "source": sources, "ts_ms": scalars},
)
damage = st.none() | st.tuples(st.integers(0, 200), st.binary(max_size=2))


@with_native
@given(st.lists(st.tuples(events, st.booleans(), damage), max_size=8), st.booleans(), st.booleans())
def test_any_event(items: list[Any], schema_include: bool, ignore: bool) -> None:
    messages: list[bytes | None] = []
    for one, bare, harm in items:
        whole = one if bare != schema_include else {"payload": one, "schema": None}
        text = json.dumps(whole, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if harm is not None:
            at = min(harm[0], len(text))
            text = text[:at] + harm[1] + text[at + 1 :]
        messages.append(text)
    agree(messages, schema_include, ignore)


@with_native
@given(st.lists(st.none() | st.binary(max_size=30), max_size=8), st.booleans())
def test_any_bytes(messages: list[bytes | None], schema_include: bool) -> None:
    agree(messages, schema_include, False)
