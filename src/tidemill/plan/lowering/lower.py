"""The tables of lowerings, and `lower` over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from tidemill.plan.lowering import (
    collections,
    conditional,
    encodings,
    hashes,
    json,
    math,
    operators,
    regex,
    strings,
    temporal,
    temporal_texts,
    urls,
    watermarks,
)
from tidemill.plan.lowering.casts import lower_cast
from tidemill.plan.lowering.core import UTC, Lowerer, Lowering
from tidemill.plan.lowering.literals import lower_literal
from tidemill.sql.expressions import Expression

LOWERINGS: Mapping[str, Lowering] = {
    **operators.LOWERINGS,
    **conditional.LOWERINGS,
    **math.LOWERINGS,
    **strings.LOWERINGS,
    **encodings.LOWERINGS,
    **urls.LOWERINGS,
    **temporal.LOWERINGS,
    **temporal_texts.LOWERINGS,
    **collections.LOWERINGS,
    **json.LOWERINGS,
    **hashes.LOWERINGS,
    **regex.LOWERINGS,
    **watermarks.LOWERINGS,
}

_LOWERER = Lowerer(LOWERINGS, lower_cast, lower_literal)


def lower(expression: Expression, columns: Sequence[str], time_zone: str = UTC) -> exp.Expression:
    """The DuckDB expression of `expression`.

    Args:
        expression: a bound expression.
        columns: column i of the input is the DuckDB column named `columns[i]`.
        time_zone: `table.local-time-zone`, a name of the tz database.
    """
    return _LOWERER.lower(expression, columns, time_zone)
