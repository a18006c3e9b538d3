"""A view that the queries of a script read."""

from __future__ import annotations

from sqlglot import exp

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A view that later queries read: a query, and the delay of its watermark in a stream."""

    name: str
    query: exp.Query
    watermark: tuple[str, int] | None = None
    """The event time's column and the delay in milliseconds."""
