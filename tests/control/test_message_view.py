"""Bytes as people read them, filters over them, and configurations without secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.connectors.kafka.records import Record
from tidemill.control.connector_config import _masked, _unmasked, is_secret
from tidemill.control.message_filter import MessageFilter
from tidemill.control.message_view import decode, view
from tidemill.errors import UserError
from tidemill.project import MASK


@pytest.mark.parametrize(
    ("given_", "how", "value", "encoding"),
    [
        (None, "auto", None, "null"),
        (b"", "auto", "", "text"),
        (b'{"a": 1}', "auto", {"a": 1}, "json"),
        (b'{"a": 1}', "text", '{"a": 1}', "text"),
        (b'{"a": 1}', "hex", "7b 22 61 22 3a 20 31 7d", "hex"),
        (b"plain", "auto", "plain", "text"),
        (b"plain", "json", "plain", "text"),
        (b"\xff\x00", "auto", "ff 00", "hex"),
        (b"NaN", "auto", "NaN", "text"),
        (b"12", "auto", 12, "json"),
        (b"[" * 100_000, "text", "[" * 100_000, "text"),
    ],
)
def test_bytes_are_decoded_as_what_they_are(given_, how, value, encoding):
    decoded = decode(given_, how)
    assert (decoded.value, decoded.encoding) == (value, encoding)


def test_a_debezium_change_is_known_with_and_without_its_schema():
    change = b'{"op": "u", "before": null, "after": {"a": 1}, "source": {}}'
    assert decode(change, "auto").encoding == "debezium"
    assert decode(b'{"schema": {}, "payload": ' + change + b"}", "auto").encoding == "debezium"
    assert decode(b'{"op": "u"}', "auto").encoding == "json"


@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange_to_show(given_):
    for how in ("auto", "json", "text", "hex"):
        decoded = decode(given_, how)
        assert decoded.bytes == len(given_) and isinstance(decoded.pretty, str)


def message(key=b"k1", value=b'{"a": 5, "b": {"c": "x"}}', headers=()):
    return view(Record("t", 0, 7, 1000, key, value, headers))


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({}, True),
        ({"key": "K"}, True),
        ({"key": "z"}, False),
        ({"value": '"a": 5'}, True),
        ({"header": "h=V"}, True),
        ({"header": "h=w"}, False),
        ({"header": "val"}, True),
        ({"expression": "value.a > 4 && value.b.c == 'x'"}, True),
        ({"expression": "value.missing == 1"}, False),
        ({"expression": "has(value.missing)"}, False),
        ({"expression": "offset == 7 && key == 'k1' && headers['h'] == 'value'"}, True),
        ({"expression": "value.a"}, False),
    ],
)
def test_filters(wanted, fits):
    made = MessageFilter(**wanted)
    assert made.matches(message(headers=(("h", b"value"),))) is fits
    assert made.failures == (wanted.get("expression") == "value.missing == 1")


@pytest.mark.parametrize("text", ["value.a >", "nope == 1", "a" * 3000, "1 +"])
def test_an_expression_that_cannot_be_used_is_refused(text):
    with pytest.raises(UserError) as refused:
        MessageFilter(expression=text)
    assert refused.value.code == "console.bad-filter"


@pytest.mark.parametrize(
    "name",
    ["database.password", "ssl.key.password", "sasl.jaas.config", "aws.secret.access.key",
     "basic.auth.credentials", "api.key", "auth.token"],
)  # fmt: skip
def test_secrets_are_known_by_name(name):
    assert is_secret(name) and _masked(name, "hush") == MASK


def test_what_comes_back_masked_keeps_its_value():
    now = {"database.password": "hush", "url": "jdbc://u:hush@h/d", "tasks.max": "1"}
    shown = {key: _masked(key, value) for key, value in now.items()}
    assert "hush" not in str(shown) and shown["tasks.max"] == "1"
    assert _unmasked(shown, now) == now
    assert _unmasked({**shown, "database.password": "new"}, now)["database.password"] == "new"
