"""Masks over personal columns, at every depth and in every form that the console shows."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.connectors.kafka.records import Record
from tidemill.control.masks import NO_MASKS, Masks
from tidemill.control.message_filter import MessageFilter
from tidemill.control.message_view import view

MASKS = Masks(("email", "customer.name", "*_phone"))
SECRET = "ann@example"


def message(value: bytes | None, key: bytes | None = b"k1", headers=()) -> Record:
    return Record("t", 0, 0, 0, key, value, tuple(headers))


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ({"EMAIL": SECRET, "name": "open"}, {"EMAIL": "******", "name": "open"}),
        ({"customer": {"name": SECRET, "id": 1}}, {"customer": {"name": "******", "id": 1}}),
        ({"a": [{"home_phone": SECRET}]}, {"a": [{"home_phone": "******"}]}),
        ({"email": None, "mail": 1}, {"email": None, "mail": 1}),
        ({"payload": {"after": {"customer": {"name": SECRET}}}},
         {"payload": {"after": {"customer": {"name": "******"}}}}),
        ({"email": {"home": SECRET}}, {"email": "******"}),
    ],
)  # fmt: skip
def test_values_are_hidden_by_name_path_and_pattern(row, shown):
    assert MASKS.row(row) == shown
    assert NO_MASKS.row(row) == row
    assert json.loads(MASKS.text(json.dumps(row))) == shown
    masked = MASKS.message(view(message(json.dumps(row).encode())))
    assert masked.value.value == shown and SECRET not in str(masked.as_dict())


def test_a_hidden_value_cannot_be_asked_for():
    record = message(json.dumps({"email": SECRET, "n": 1}).encode())
    shown = MASKS.message(view(record))
    for wanted in (
        MessageFilter(value="ann@"),
        MessageFilter(expression='value.email.startsWith("ann")'),
        MessageFilter(expression='value_text.contains("ann")'),
    ):
        assert wanted.matches(view(record)) and not wanted.matches(shown)
    assert MessageFilter(expression="value.n == 1").matches(shown)


def test_what_has_no_names_is_hidden_where_it_may_hold_such_a_value():
    assert MASKS.message(view(message(b'{"email": "ann'))).value.text == "******"
    assert MASKS.message(view(message(b"plain text"))).value.text == "plain text"
    assert MASKS.message(view(message(b"\xff\x00ann"))).value.text == "******"
    assert MASKS.message(view(message(b'{"email": 1}'), "hex")).value.text == "******"
    headers = MASKS.message(view(message(b"1", headers=[("email", b"ann")]))).headers
    assert headers[0][1].text == "******"
    assert MASKS.message(view(message(b"1"))).key.text == "k1"
    assert Masks(("_key",)).message(view(message(b"1"))).key.text == "******"
    assert Masks(("_key",)).message(view(message(b"1", key=None))).key.text == ""


def test_tables_keep_their_nulls_and_their_structs():
    table = pa.table({
        "email": [SECRET, None], "n": [1, 2],
        "customer": [{"name": SECRET, "city": "Oslo"}, None],
        "all": [[{"email": SECRET}], []],
    })  # fmt: skip
    assert MASKS.table(table).to_pydict() == {
        "email": ["******", None], "n": [1, 2],
        "customer": [{"name": "******", "city": "Oslo"}, None],
        "all": [[{"email": "******"}], []],
    }  # fmt: skip
    assert NO_MASKS.table(table) is table


JSON = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "email", "b"]), inner),
    max_leaves=12,
)


@given(JSON)
def test_no_value_below_a_mark_is_left(value):
    def left(one: object) -> bool:
        if isinstance(one, dict):
            return any(
                one[name] not in (None, "******") if name == "email" else left(one[name])
                for name in one
            )
        return isinstance(one, list) and any(map(left, one))

    masked = MASKS.value(value)
    assert not left(masked)
    assert MASKS.value(masked) == masked
