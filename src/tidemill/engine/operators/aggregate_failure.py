"""What is said where an aggregate cannot be computed over the rows of a group."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.errors import EngineError, Where

_OWN = "[engine."
_WIDER = "Cast the argument to a wider type, such as DECIMAL(38, 2) or DOUBLE."
_ROWS = "No single row is at fault: filter the rows, or group them by more."


def aggregate_failed(
    what: str, error: Exception, stage: str, aggregates: Sequence[str]
) -> EngineError:
    """`what` could not be done; the function itself said so, or the values did not fit."""
    said = str(error).splitlines()[0]
    return EngineError(
        f"{what}: {said}",
        code="engine.aggregate-failed",
        where=Where(operator=stage),
        detail=f"Aggregates: {', '.join(aggregates)}.",
        hint=_ROWS if _OWN in said else _WIDER,
    )
