"""CASE, IF, COALESCE, NULLIF, GREATEST, LEAST."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.plan.lowering.build import cast, duckdb_type, template
from tidemill.plan.lowering.core import Lowered, Lowering
from tidemill.plan.lowering.operators import comparison


def _case(c: Lowered) -> exp.Expression:
    branches = [
        exp.If(this=condition, true=value)
        for condition, value in zip(c.args[:-1:2], c.args[1::2], strict=False)
    ]
    return exp.Case(ifs=branches, default=c.args[-1])


def _coalesce(c: Lowered) -> exp.Expression:
    if len(c.args) == 1:
        return c.args[0]
    return exp.Coalesce(this=c.args[0], expressions=list(c.args[1:]))


def _nullif(c: Lowered) -> exp.Expression:
    value, left, right = c.args
    same = comparison("=", left, right, c.type_of(1))
    return template("CASE WHEN :same THEN NULL ELSE :value END", same=same, value=value)


def _extreme(operator: str) -> Lowering:
    """GREATEST and LEAST: NULL if any argument is NULL (DuckDB's own would skip it)."""

    def lower(c: Lowered) -> exp.Expression:
        result, *others = c.args
        for other in others:
            better = comparison(operator, other, result, c.type)
            result = template(
                "CASE WHEN :a IS NULL OR :b IS NULL THEN NULL WHEN :better THEN :b ELSE :a END",
                a=result,
                b=other,
                better=better,
            )
        return cast(result, duckdb_type(c.type))

    return lower


LOWERINGS: Mapping[str, Lowering] = {
    "CURRENT_DATABASE": lambda c: c.args[0],
    "TYPEOF": lambda c: c.args[0],
    "CASE": _case,
    "IF": _case,
    "COALESCE": _coalesce,
    "IFNULL": _coalesce,
    "NULLIF": _nullif,
    "GREATEST": _extreme(">"),
    "LEAST": _extreme("<"),
}
