"""Texts of numbers against what Java itself writes.

`golden/java_numbers.jsonl` holds a type, a value and what `Double.toString` and `Float.toString`
of Temurin 21.0.8 gave for it: the edges of the plain notation, halfway between two shortest texts,
on the border to the next number, with so few bits that one digit would do.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from tidemill.formats.common.java_text import double_text, float_text
from tidemill.formats.json.encoder import JsonEncoder
from tidemill.formats.json.options import EncodeRules
from tidemill.model import Batch, Column, Schema
from tidemill.model.types import DOUBLE, FLOAT

_LINES = (Path(__file__).parent / "golden" / "java_numbers.jsonl").read_text().splitlines()
_JAVA = [(name, float.fromhex(value), text) for name, value, text in map(json.loads, _LINES)]


@pytest.mark.parametrize(("type_", "text_of"), [("DOUBLE", double_text), ("FLOAT", float_text)])
def test_as_java_writes_them(type_, text_of):
    of_type = [(value, text) for name, value, text in _JAVA if name == type_]
    assert len(of_type) > 30
    assert [text_of(value) for value, _ in of_type] == [text for _, text in of_type]


@pytest.mark.parametrize(("name", "type_"), [("DOUBLE", DOUBLE), ("FLOAT", FLOAT)])
@pytest.mark.parametrize("native", ["1", "0"])
def test_json_writes_them_so_on_both_paths(name, type_, native, monkeypatch):
    monkeypatch.setenv("TIDEMILL_NATIVE", native)
    of_type = [(value, text) for known, value, text in _JAVA if known == name]
    rows = pa.record_batch({"x": pa.array([value for value, _ in of_type], type_.arrow())})
    found = JsonEncoder(Schema((Column("x", type_),)), EncodeRules()).encode(Batch(rows))
    assert found.to_pylist() == [b'{"x":%s}' % text.encode() for _, text in of_type]
