"""UNNEST and LATERAL TABLE in FROM: what they give beside each row of what stands left of them.

A table function in Python gives an ARRAY of rows, which is unnested.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from tidemill.errors import SqlError
from tidemill.model import DataType, TypeRoot
from tidemill.model.types import INT
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.joins import different_names
from tidemill.sql.binder.scope import Part, Scope, Visible
from tidemill.sql.binder.values import one_row
from tidemill.sql.expressions import InputRef
from tidemill.sql.logical import (
    Correlate,
    CorrelateKind,
    Fields,
    LogicalNode,
    Project,
    RowField,
    Unnest,
)
from tidemill.sql.syntax.nodes import JoinedTable, LateralFunction, UnnestedTable, WordLiteral

if TYPE_CHECKING:
    from tidemill.sql.binder.from_items import Relation


Lateral: TypeAlias = "UnnestedTable | LateralFunction"


def bind_unnest_alone(context: BindContext, item: Lateral) -> tuple[LogicalNode, Part]:
    """FROM UNNEST(constant), FROM LATERAL TABLE(f(constant))."""
    fields, unnest = _unnested(context, item, Scope(context.source, ()), CorrelateKind.INNER)
    row = one_row()
    node = Correlate(row, unnest, CorrelateKind.INNER, (*row.fields, *fields))
    shown = tuple(InputRef(i + 1, f.name, f.type) for i, f in enumerate(fields))
    return Project(node, shown, fields), Part(_qualifier(item), 0, len(fields))


def bind_unnest_join(
    context: BindContext, item: JoinedTable, right: Lateral, left: Relation
) -> Relation:
    """CROSS JOIN UNNEST(...), or INNER or LEFT JOIN UNNEST(...) ON TRUE; so with LATERAL TABLE."""
    what = "UNNEST" if isinstance(right, UnnestedTable) else "LATERAL TABLE"
    if item.kind not in ("CROSS", "INNER", "LEFT"):
        raise _refused(context, item, f"{item.kind} JOIN {what}", what)
    true = isinstance(item.on, WordLiteral) and item.on.word.upper() == "TRUE"
    if item.natural or item.using or (item.on is not None and not true):
        raise _refused(context, item, f"a condition of JOIN {what} other than TRUE", what)
    kind = CorrelateKind.LEFT if item.kind == "LEFT" else CorrelateKind.INNER
    fields, unnest = _unnested(context, right, left.scope(context.source), kind)
    width = len(left.node.fields)
    part = Part(_qualifier(right), width, width + len(fields))
    different_names(context, left, replace(left, parts=(part,)), right.span)
    visible = None
    if left.visible is not None:
        own = (Visible(f.name, InputRef(width + i, f.name, f.type)) for i, f in enumerate(fields))
        visible = (*left.visible, *own)
    node = Correlate(left.node, unnest, kind, (*left.node.fields, *fields))
    return replace(left, node=node, parts=(*left.parts, part), visible=visible)


def _refused(context: BindContext, item: JoinedTable, what: str, name: str) -> SqlError:
    return context.error(
        "not-supported",
        f"{what} is not supported, as in Flink",
        item.at if item.on is None else item.on.span,
        hint=f"Write CROSS JOIN {name}(...) or LEFT JOIN {name}(...) ON TRUE, and test the "
        f"{'elements' if name == 'UNNEST' else 'results'} in WHERE.",
    )


def _qualifier(item: Lateral) -> tuple[str, ...]:
    return () if item.alias is None else (item.alias.name.text,)


def _unnested(
    context: BindContext, item: Lateral, scope: Scope, kind: CorrelateKind
) -> tuple[Fields, Unnest]:
    """The columns that a collection gives, named as Flink does, and the collection."""
    if isinstance(item, LateralFunction):
        collection = ExpressionBinder(context, scope, "LATERAL TABLE").bind_table(item.call)
    else:
        collection = ExpressionBinder(context, scope, "UNNEST").bind(item.collection)
    given = _columns(collection.type)
    if given is None:
        assert isinstance(item, UnnestedTable)
        raise context.error(
            "type-mismatch",
            f"UNNEST takes an ARRAY, a MAP or a MULTISET, not a value of type "
            f"{collection.type.sql()}",
            item.collection.span,
        )
    ordinality = isinstance(item, UnnestedTable) and item.ordinality
    if ordinality:
        given.append(RowField("ORDINALITY", INT.with_nullable(False)))
    names = [field.name for field in given]
    if item.alias is not None and item.alias.columns:
        names = [name.text for name in item.alias.columns]
    elif item.alias is not None and names[0] == _SCALAR:
        names[0] = item.alias.name.text
    if len(names) != len(given):
        raise context.error(
            "column-count",
            f"{len(names)} column names for "
            + ("an UNNEST" if isinstance(item, UnnestedTable) else "a function")
            + f" of {len(given)} columns",
            item.span,
        )
    padded = kind is CorrelateKind.LEFT
    fields = tuple(
        RowField(name, field.type.with_nullable(True) if padded else field.type)
        for name, field in zip(names, given, strict=True)
    )
    return fields, Unnest(collection, ordinality)


_SCALAR = "EXPR$0"
"""The name of an element that is no row, where the text gives none."""


def _columns(collection: DataType) -> list[RowField] | None:
    if collection.root is TypeRoot.MAP and collection.key and collection.value:
        return [RowField("KEY", collection.key), RowField("VALUE", collection.value)]
    if collection.root not in (TypeRoot.ARRAY, TypeRoot.MULTISET) or not collection.element:
        return None
    element = collection.element
    if element.root is TypeRoot.ROW:
        return [RowField(field.name, field.type) for field in element.fields]
    return [RowField(_SCALAR, element)]
