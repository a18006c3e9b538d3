"""Result types of functions: those that Flink 2.3 describes for the same expressions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tidemill.interfaces.connector import Connector
from tidemill.interfaces.options import OptionSet
from tidemill.sql import compile_script

_GOLDEN = json.loads((Path(__file__).parent / "flink_types.json").read_text(encoding="utf-8"))
_CONNECTORS = {
    "rows": Connector(
        "rows",
        OptionSet("rows", ()),
        bounded=lambda *_: True,
        source_changelog=lambda *_: None,  # type: ignore[arg-type, return-value]
        source=lambda *_: None,  # type: ignore[arg-type, return-value]
    )
}


def _type_of(expression: str, rest: str) -> str:
    ddl = f"CREATE TABLE t ({_GOLDEN['columns']}) WITH ('connector' = 'rows');\n"
    text = f"{ddl}SELECT {expression} AS c FROM t {rest};"
    select = compile_script(text, "test.sql", _CONNECTORS, {}).selects[0]
    query: Any = select.query
    return str(query.fields[-1].type)


@pytest.mark.parametrize(("expression", "expected"), _GOLDEN["scalars"])
def test_scalar(expression: str, expected: str) -> None:
    assert _type_of(expression, "") == expected


@pytest.mark.parametrize(("expression", "expected"), _GOLDEN["aggregates"])
def test_aggregate(expression: str, expected: str) -> None:
    assert _type_of(expression, "GROUP BY b") == expected
