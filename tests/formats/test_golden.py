"""The formats against what Flink 2.3's own classes gave for the same messages.

`golden/<format>.jsonl` holds schema, options, message and the result: the rows as kind and text
(written by the encoder of the same format), or `reject` where Flink fails the job.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidemill.errors import ConnectorError
from tidemill.formats import FORMATS
from tidemill.model import Batch, RowKind, Schema

GOLDEN = Path(__file__).parent / "golden"


def result(name: str, schema: Schema, options: dict[str, str], message: bytes | None) -> str:
    factory = FORMATS[name]
    values = factory.options.parse(options)
    decoded = factory.decoder(schema, values, None).decode([message])
    if decoded.rejects:
        return "reject"
    encoder = factory.encoder(schema, values)
    rows = []
    for index in range(decoded.rows.num_rows):
        kinds = None if decoded.kinds is None else decoded.kinds.slice(index, 1)
        try:
            text = encoder.encode(Batch(decoded.rows.slice(index, 1), kinds))[0].as_py().decode()
        except ConnectorError:
            text = "not encodable"
        kind = RowKind.INSERT if kinds is None else RowKind(kinds[0].as_py())
        rows.append(f"{kind.short} => {text}")
    return " | ".join(rows)


@pytest.mark.parametrize("name", ["json", "debezium-json", "csv"])
def test_messages_become_what_flink_makes_of_them(
    name: str, schema_of: Callable[[str], Schema]
) -> None:
    differ: list[Any] = []
    lines = (GOLDEN / f"{name}.jsonl").read_text().splitlines()
    for line in lines:
        case = json.loads(line)
        message = None if case["message"] is None else base64.b64decode(case["message"])
        ours = result(name, schema_of(case["schema"]), case["options"], message)
        if ours != case["flink"]:
            differ.append((case["schema"], case["options"], message, ours, case["flink"]))
    assert len(lines) > 150
    assert not differ, differ[:5]
