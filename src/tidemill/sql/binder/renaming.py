"""Columns named anew, and references to all columns."""

from __future__ import annotations

from dataclasses import replace

from tidemill.errors import Span
from tidemill.sql.binder.context import BindContext
from tidemill.sql.expressions import InputRef
from tidemill.sql.logical import Fields, LogicalNode, Project
from tidemill.sql.syntax.nodes import Name


def rename_columns(
    context: BindContext, node: LogicalNode, names: tuple[Name, ...], span: Span
) -> LogicalNode:
    """The node with its columns named anew; unchanged where no names are given."""
    if not names:
        return node
    if len(names) != len(node.fields):
        raise context.error(
            "column-count",
            f"{len(names)} column names for a query of {len(node.fields)} columns",
            span,
        )
    fields = tuple(
        replace(field, name=name.text) for field, name in zip(node.fields, names, strict=True)
    )
    return Project(node, references(node.fields), fields)


def references(fields: Fields) -> tuple[InputRef, ...]:
    """A reference to each field."""
    return tuple(InputRef(i, field.name, field.type) for i, field in enumerate(fields))
