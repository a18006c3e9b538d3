"""Expressions over rows with edges: the values are those that a Flink 2.3 cluster gave.

`flink_values.json` holds the table, its rows, and per expression Flink's result type and values, in
the order of the rows; `!` stands for a row that fails the job.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

_GOLDEN = json.loads((Path(__file__).parent / "flink_values.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rows(evaluator: Any) -> Any:
    return evaluator.rows(_GOLDEN["columns"], _GOLDEN["rows"])


@pytest.mark.parametrize("case", _GOLDEN["cases"], ids=lambda case: case["sql"])
def test_type_and_values_are_flinks(evaluator: Any, rows: Any, case: dict[str, Any]) -> None:
    type_, values = rows.values(case["sql"])
    assert str(type_) == case["type"]
    wrong = [
        (row["id"], flink, ours)
        for row, flink, ours in zip(_GOLDEN["rows"], case["values"], values, strict=True)
        if not evaluator.same(type_, flink, ours)
    ]
    assert wrong == []
