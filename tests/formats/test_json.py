"""JSON at its edges: rejects that say why, both encoders alike, options that contradict."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.errors import ConnectorError, ProjectError
from tidemill.formats import FORMATS
from tidemill.formats.json.encoder import SMALL_ROWS
from tidemill.model import Batch, Schema

JSON = FORMATS["json"]
Make = Callable[[str], Schema]


def decode(schema: Schema, *messages: bytes | None, **options: str):
    values = JSON.options.parse({k.replace("_", "-"): v for k, v in options.items()})
    return JSON.decoder(schema, values, None).decode(list(messages))


@pytest.mark.parametrize(
    ("message", "code", "says"),
    [
        (b'{"a":1', "format.malformed", "character"),
        (b"\xff\xff{", "format.malformed", "invalid utf-"),
        (b'{"a":"x"}', "format.type-mismatch", '"x" is not INT'),
        (b'{"a":2147483648}', "format.type-mismatch", "2147483648 is not INT"),
        (b'{"a":{"b":1}}', "format.type-mismatch", "field `a`"),
        (b"17", "format.type-mismatch", "a number where an object is expected"),
        (b'{"a":' * 5000, "format.malformed", "nested too deeply"),
        (b'{"a":NaN}', "format.malformed", "NaN is not JSON"),
    ],
)
def test_a_reject_says_what_is_wrong(schema_of: Make, message: bytes, code: str, says: str) -> None:
    (reject,) = decode(schema_of("a INT"), message).rejects
    assert (reject.index, reject.code) == (0, code)
    assert says in reject.message


def test_a_missing_field_is_rejected_only_when_asked(schema_of: Make) -> None:
    schema = schema_of("a INT, b INT")
    assert decode(schema, b'{"a":1}').rows.to_pylist() == [{"a": 1, "b": None}]
    (reject,) = decode(schema, b'{"a":1}', fail_on_missing_field="true").rejects
    assert reject.code == "format.missing-field" and "`b`" in reject.message


def test_null_in_a_not_null_column_is_rejected(schema_of: Make) -> None:
    decoded = decode(schema_of("a INT NOT NULL, b INT"), b'{"a":1}', b'{"b":1}', b'{"a":null}')
    assert [r.index for r in decoded.rejects] == [1, 2]
    assert {r.code for r in decoded.rejects} == {"format.null-in-not-null"}
    assert decoded.origin.to_pylist() == [0]


def test_decimals_never_pass_through_floats(schema_of: Make) -> None:
    decoded = decode(
        schema_of("a DECIMAL(38, 18)"), b'{"a":12345678901234567890.123456789012345678}'
    )
    assert decoded.rows.to_pylist() == [{"a": Decimal("12345678901234567890.123456789012345678")}]


def test_one_bad_message_among_many_costs_only_itself(schema_of: Make) -> None:
    messages = [b'{"a":%d}' % i for i in range(1000)]
    messages[500] = b'{"a":"x"}'
    messages[501] = b'{"a":"501"}'
    decoded = decode(schema_of("a INT"), *messages)
    assert [r.index for r in decoded.rejects] == [500]
    assert decoded.rows.column(0).to_pylist() == [i for i in range(1000) if i != 500]
    assert decoded.origin.to_pylist() == [i for i in range(1000) if i != 500]


def test_options_that_contradict_are_refused(schema_of: Make) -> None:
    with pytest.raises(ProjectError, match="fail-on-missing-field"):
        decode(schema_of("a INT"), fail_on_missing_field="true", ignore_parse_errors="true")


def test_a_map_without_text_keys_is_refused(schema_of: Make) -> None:
    with pytest.raises(ProjectError, match="key of a map"):
        decode(schema_of("a MAP<INT, INT>"))
    with pytest.raises(ProjectError, match="key of a map"):
        JSON.encoder(schema_of("a MAP<INT, INT>"), JSON.options.parse({}))


VALUE = st.fixed_dictionaries(
    {
        "a": st.none() | st.integers(-(2**31), 2**31 - 1),
        "b": st.none() | st.text(st.characters(exclude_categories=["Cs"])),
        "c": st.none() | st.floats(),
        "d": st.none() | st.decimals("-99999999.99", "99999999.99", places=2),
        "e": st.none() | st.integers(-(10**17), 10**17),
        "f": st.none() | st.floats(width=32),
        "g": st.none() | st.integers(-(10**6), 10**7),
        "h": st.none() | st.binary(),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(VALUE, min_size=1, max_size=30), st.booleans(), st.booleans(), st.booleans())
def test_both_encoders_write_the_same(
    schema_of: Make, values: list[dict], iso: bool, plain: bool, ignore: bool
) -> None:
    schema = schema_of(
        "a INT, b STRING, c DOUBLE, d DECIMAL(10, 2), e TIMESTAMP(6), f FLOAT, g DATE, h BYTES"
    )
    columns = [[value[name] for value in values] for name in schema.names]
    arrays = [
        pa.array(column, pa.int64() if name == "e" else pa.int32() if name == "g" else field.type)
        .view(field.type)
        for name, column, field in zip(schema.names, columns, schema.arrow(), strict=True)
    ]  # fmt: skip
    rows = pa.RecordBatch.from_arrays(arrays, schema=schema.arrow())
    options = {
        "timestamp-format.standard": "ISO-8601" if iso else "SQL",
        "encode.decimal-as-plain-number": str(plain).lower(),
        "encode.ignore-null-fields": str(ignore).lower(),
    }
    encoder = JSON.encoder(schema, JSON.options.parse(options))
    small = encoder.encode(Batch(rows)).to_pylist()
    times = SMALL_ROWS // len(values) + 2
    large = pa.Table.from_batches([rows] * times).combine_chunks().to_batches()[0]
    assert encoder.encode(Batch(large)).to_pylist() == small * times


def test_doubles_are_written_as_java_writes_them(schema_of: Make) -> None:
    schema = schema_of("a DOUBLE")
    values = [1e10, 1e7, 9999999.0, 0.001, 0.00099, 5e-324, 1e22, -0.0, math.inf, math.nan, 100.0]
    rows = pa.RecordBatch.from_pydict({"a": values}, schema=schema.arrow())
    texts = JSON.encoder(schema, JSON.options.parse({})).encode(Batch(rows)).to_pylist()
    assert [text[5:-1].decode() for text in texts] == [
        "1.0E10", "1.0E7", "9999999.0", "0.001", "9.9E-4", "4.9E-324", "1.0E22", "-0.0",
        '"Infinity"', '"NaN"', "100.0",
    ]  # fmt: skip


def test_a_null_key_fails_is_dropped_or_gets_a_name() -> None:
    from tidemill.formats.json.options import EncodeRules
    from tidemill.formats.json.texts import _map_text

    with pytest.raises(ConnectorError, match="NULL as a key"):
        _map_text([None], ["1"], EncodeRules())
    assert _map_text([None], ["1"], EncodeRules(null_key_mode="DROP")) == "{}"
    literal = EncodeRules(null_key_mode="LITERAL", null_key_literal="none")
    assert _map_text([None], ["1"], literal) == '{"none":1}'
