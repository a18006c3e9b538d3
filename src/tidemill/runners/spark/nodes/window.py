"""Rows with the window that they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.runners.spark.relations import Relation, column, field_names
from tidemill.runners.spark.streams import never_ends
from tidemill.runners.spark.windows import window_columns, windowed
from tidemill.sql.logical import WindowTableFunction

if TYPE_CHECKING:
    from tidemill.runners.spark.queries import Queries


def window_rows(queries: Queries, node: WindowTableFunction) -> Relation:
    """Each row once for each window that it is in, with the window's columns."""
    if node.window.kind.value == "SESSION":
        queries.refuse.it("SESSION without an aggregation")
    source = queries.reopened(node.input)
    time = source.columns[node.window.time_column]
    stream = never_ends(node.input, queries.unbounded)
    fields = node.input.fields
    call = windowed(node.window, time, fields, queries.time_zone, queries.refuse, stream=stream)
    names = [*field_names(node.input.fields), "window"]
    inner = Relation(source.source, (*source.columns, call)).select(names)
    sealed = queries.sealed(inner, names)
    rowtime = node.fields[-1].type
    parts = window_columns(column("window"), rowtime, stream=stream)
    return Relation(sealed.source, (*sealed.columns[:-1], *parts.values()))
