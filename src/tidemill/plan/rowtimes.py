"""The event time of what is written: a row of a stream has one, as in Flink."""

from __future__ import annotations

from collections.abc import Iterator

from tidemill.errors import SqlError
from tidemill.sql.expressions import InputRef
from tidemill.sql.logical import Insert, Project, RowField, TimeAttribute


def several_rowtimes(insert: Insert) -> None:
    """Flink writes the event time beside a row and does not choose one of several.

    Source: StreamExecSink of Flink 2.3, which refuses such a query with a TableException.
    """
    names = [field.name for field in _written(insert) if _is_rowtime(field)]
    if len(names) > 1:
        raise SqlError(
            f"{' and '.join(f'`{name}`' for name in names)} are both event time, and a row that "
            f"is written to `{insert.sink.name}` has one",
            code="plan.several-rowtimes",
            where=insert.where,
            hint="Keep the one that is the event time of the result, and CAST the others to plain "
            f"timestamps: CAST({names[-1]} AS TIMESTAMP(3)).",
        )


def _written(insert: Insert) -> Iterator[RowField]:
    """The fields that are passed on unchanged."""
    query = insert.query
    if not isinstance(query, Project):
        yield from query.fields
        return
    for expression in query.expressions:
        if isinstance(expression, InputRef):
            yield query.input.fields[expression.index]


def _is_rowtime(field: RowField) -> bool:
    return field.time_attribute is TimeAttribute.ROWTIME
