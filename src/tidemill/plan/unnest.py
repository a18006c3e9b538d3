"""UNNEST inside a fused query: the elements of a collection, each beside its row.

A level is made in three steps: the collection as a list `u` (with its places `o`, where asked for),
the lists unrolled side by side, and the element taken apart into columns. A NULL or empty list
gives no row; for LEFT, it is replaced by one NULL before it is unrolled. As in Flink, an element of
type ROW that is NULL gives no row either (with ordinality Flink's job fails on one).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import lower
from tidemill.plan.lowering.build import fn, template
from tidemill.sql.logical import Correlate, CorrelateKind

LIST, PLACES = "u", "o"


def collection_list(step: Correlate, inputs: Sequence[str], zone: str) -> exp.Expression:
    """The collection as a list of what each row is made of."""
    unnest = step.function
    value = lower(unnest.collection, inputs, zone)
    root = unnest.collection.type.root
    if root is TypeRoot.MAP:
        return fn("map_entries", value)
    if root is TypeRoot.MULTISET:
        value = template(
            "flatten(list_transform(map_entries(:m), lambda e: "
            "list_transform(range(e.value), lambda i: e.key)))",
            m=value,
        )
    if _is_row(unnest.collection.type) and not unnest.ordinality:
        return template("list_filter(:a, lambda e: e IS NOT NULL)", a=value)
    return value


def unrolled(step: Correlate) -> list[exp.Expression]:
    """The list `u` as rows `e`, and its places as `o`; DuckDB unrolls both in step."""
    places = template("range(1, len(:u) + 1)", u=_column(LIST))
    lists = [_or_null(step, _column(LIST)), _or_null(step, places)]
    found = [_alias(fn("UNNEST", lists[0]), "e")]
    if step.function.ordinality:
        found.append(_alias(fn("UNNEST", lists[1]), PLACES))
    return found


def taken_apart(step: Correlate) -> list[exp.Expression]:
    """The columns that an element `e` (and its place) is, named behind the input's."""
    unnest = step.function
    first = len(step.input.fields)
    collection = unnest.collection.type
    element = _column("e")
    values: list[exp.Expression] = [element]
    if collection.root is TypeRoot.MAP:
        values = [_part(element, "key"), _part(element, "value")]
    elif _is_row(collection) and collection.element is not None:
        values = [_part(element, field.name) for field in collection.element.fields]
    if unnest.ordinality:
        values.append(exp.cast(_column(PLACES), "INTEGER"))
    return [_alias(value, f"c{first + i}") for i, value in enumerate(values)]


def _or_null(step: Correlate, value: exp.Expression) -> exp.Expression:
    """For LEFT: one NULL where the list is NULL or empty."""
    if step.kind is CorrelateKind.INNER:
        return value
    return template("CASE WHEN len(:u) > 0 THEN :v ELSE [NULL] END", u=_column(LIST), v=value)


def _is_row(collection: DataType) -> bool:
    return collection.element is not None and collection.element.root is TypeRoot.ROW


def _part(element: exp.Expression, name: str) -> exp.Expression:
    return fn("STRUCT_EXTRACT", element.copy(), exp.Literal.string(name))


def _column(name: str) -> exp.Expression:
    return exp.column(exp.to_identifier(name, quoted=True))


def _alias(value: exp.Expression, name: str) -> exp.Expression:
    return exp.Alias(this=value, alias=exp.to_identifier(name, quoted=True))
