"""Which fields of a source's ROW columns anybody reads, and the types that have only these.

A wide ROW of which a query takes two fields is read as a ROW of two: the others are not decoded and
not copied, and NULL behind the source. A column that is read whole anywhere stays as declared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from tidemill.model import DataType, TypeRoot
from tidemill.plan.fuse import Chain
from tidemill.sql.expressions import Call, Expression, InputRef, Literal, children
from tidemill.sql.logical import Correlate, Fields, Filter, Project

Path: TypeAlias = tuple[int, tuple[str, ...]]
"""A column of the base and the fields below it, from outside in; without fields: all of it."""


def whole(columns: Iterable[int]) -> frozenset[Path]:
    """The columns, each with all that is in it."""
    return frozenset((column, ()) for column in columns)


def paths_of(expression: Expression) -> frozenset[Path]:
    """The columns and fields that an expression reads."""
    path = _path(expression)
    if path is not None:
        return frozenset((path,))
    return union(map(paths_of, children(expression)))


def columns_of(paths: frozenset[Path]) -> frozenset[int]:
    """The columns that the paths begin with."""
    return frozenset(column for column, _ in paths)


def union(parts: Iterable[frozenset[Path]]) -> frozenset[Path]:
    """All of them."""
    return frozenset().union(*parts)


def paths_read(chain: Chain, paths: frozenset[Path]) -> frozenset[Path]:
    """What the wanted outputs of a chain depend on in its base."""
    for step in reversed(chain.steps):
        if isinstance(step, Project):
            paths = union(_through(step.expressions[column], below) for column, below in paths)
        elif isinstance(step, Filter):
            paths |= paths_of(step.predicate)
        elif isinstance(step, Correlate):
            paths = _within(paths, len(step.input.fields)) | paths_of(step.function.collection)
        else:
            paths = _within(paths, len(step.input.fields)) | whole((step.window.time_column,))
    return paths


def read_as(fields: Fields, paths: frozenset[Path]) -> Fields:
    """The fields with only those parts of ROWs that the paths lead to.

    A column that no path names keeps its type: it is not read at all.
    """
    found = []
    for index, field in enumerate(fields):
        below = [fields_below for column, fields_below in paths if column == index]
        found.append(replace(field, type=_narrowed(field.type, below)))
    return tuple(found)


def _narrowed(type_: DataType, below: list[tuple[str, ...]]) -> DataType:
    names = {path[0] for path in below if path}
    if type_.root is not TypeRoot.ROW or not below or not all(below):
        return type_
    if not names <= {field.name for field in type_.fields}:
        return type_
    kept = []
    for field in type_.fields:
        if field.name in names:
            inner = [path[1:] for path in below if path[0] == field.name]
            kept.append(replace(field, type=_narrowed(field.type, inner)))
        elif not field.type.nullable or field.type.holds(TypeRoot.DECIMAL):
            # Whether it is there is checked; and JSON's numbers are read by whether one is DECIMAL.
            kept.append(field)
    return replace(type_, fields=tuple(kept))


def _through(expression: Expression, below: tuple[str, ...]) -> frozenset[Path]:
    """What an expression reads when only the path below its value is wanted."""
    path = _path(expression)
    return paths_of(expression) if path is None else frozenset(((path[0], (*path[1], *below)),))


def _path(expression: Expression) -> Path | None:
    """The column and its fields, where an expression is nothing else."""
    if isinstance(expression, InputRef):
        return (expression.index, ())
    if not isinstance(expression, Call) or expression.function != "FIELD":
        return None
    row, name = expression.arguments
    path = _path(row)
    if path is None or not isinstance(name, Literal):
        return None
    return (path[0], (*path[1], str(name.value)))


def _within(paths: frozenset[Path], width: int) -> frozenset[Path]:
    return frozenset((column, below) for column, below in paths if column < width)
