"""Aggregates over the same column share their values, each with its own filter."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import kit
from hypothesis import given
from test_group_laws import CUTS, ROWS, Row, changelogs, materialised, plan, run, world

from tidemill.plan.operators.group_aggregate import GroupStage

LAWS = kit.laws()
QUERY = """SELECT k, COUNT(DISTINCT v), COUNT(DISTINCT v) FILTER (WHERE name = 'a'),
  SUM(DISTINCT v) FILTER (WHERE name = 'b'), MIN(v) FILTER (WHERE name = 'a'), MAX(v),
  COUNT(DISTINCT name), COUNT(DISTINCT name) FILTER (WHERE v > 0), COUNT(DISTINCT v + 1)
  FROM t GROUP BY k"""
OUT = "k INT, n BIGINT, na BIGINT, sb BIGINT, lo BIGINT, hi BIGINT, m BIGINT, mp BIGINT, p BIGINT"


def expected(rows: list[Row], kinds: list[int] | None = None) -> Counter[tuple[Any, ...]]:
    groups: dict[Any, Counter[tuple[Any, Any]]] = defaultdict(Counter)
    for i, (k, name, v) in enumerate(rows):
        groups[k][name, v] += -1 if kinds and kinds[i] in (1, 3) else 1
    found: Counter[tuple[Any, ...]] = Counter()
    for k, counted in groups.items():
        alive = +counted
        if not alive:
            continue
        values = {v for _, v in alive if v is not None}
        of_a = {v for name, v in alive if name == "a" and v is not None}
        of_b = {v for name, v in alive if name == "b" and v is not None}
        names = {name for name, _ in alive if name is not None}
        positive = {name for name, v in alive if name is not None and v is not None and v > 0}
        found[
            k, len(values), len(of_a), sum(of_b) if of_b else None, min(of_a, default=None),
            max(values, default=None), len(names), len(positive), len(values),
        ] = 1  # fmt: skip
    return found


@LAWS
@given(ROWS, CUTS)
def test_of_inserts(rows: list[Row], cuts: list[int]) -> None:
    w = world(rows, cuts)
    run(w, plan(QUERY, OUT))
    assert materialised(w.rows("w")) == expected(rows)


@LAWS
@given(changelogs(), CUTS)
def test_of_changes(changes: tuple[list[Row], list[int]], cuts: list[int]) -> None:
    rows, kinds = changes
    w = world(rows, cuts, kinds)
    run(w, plan(QUERY, OUT, changelog=True))
    assert materialised(w.rows("w")) == expected(rows, kinds)


def test_two_sets_of_three_columns_are_kept() -> None:
    (stage,) = (s for s in plan(QUERY, OUT, changelog=True).operators if isinstance(s, GroupStage))
    assert stage.values == ("d", "v1_0", "v2_0", "v3_0")
    assert [len(slot) for slot in stage.value_weights] == [3, 2, 1, 1, 1]
