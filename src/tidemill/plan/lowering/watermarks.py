"""CURRENT_WATERMARK: the plan makes it a column of a table's rows; elsewhere it is refused."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.errors import SqlError, TextWhere
from tidemill.plan.lowering.core import Lowered, Lowering


def current_watermark_refusal(
    place: str, where: TextWhere | None, detail: str | None = None
) -> SqlError:
    """The error of CURRENT_WATERMARK where no table's rows come one by one."""
    return SqlError(
        f"CURRENT_WATERMARK {place} is not supported",
        code="plan.current-watermark",
        where=where,
        detail=detail or "Which watermark a row meets there depends on how inputs come in turn.",
        hint="Take it of the table's rows: in WHERE or the SELECT list of FROM that table, or in "
        "a subquery on it.",
    )


def _current_watermark(_c: Lowered) -> exp.Expression:
    raise current_watermark_refusal("here", None)


LOWERINGS: Mapping[str, Lowering] = {"CURRENT_WATERMARK": _current_watermark}
