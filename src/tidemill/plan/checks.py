"""Expectations on the rows of a table inside a stream: two queries over each batch of the table.

The first counts, for each expectation, the rows that it looks at and those that miss it; only where
some row does, the second says which. A source's rows are looked at before their event time is, so
that a row that is set aside moves no watermark; a sink's rows just before they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Protocol, TypeAlias

import pyarrow as pa
from sqlglot import exp

from tidemill.errors import SqlError, TextWhere
from tidemill.interfaces.connector import Changelog
from tidemill.model import TableDescriptor
from tidemill.plan.fuse import alias, column, names, relation, text
from tidemill.plan.physical import ROW, CheckAction, RowCheck, RowChecks, wide
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class RowConditions:
    """What an expectation says of one row, as DuckDB conditions that never raise nor give NULL."""

    considered: exp.Expression
    """Whether the row counts at all; a NULL mostly does not."""
    unexpected: exp.Expression
    """Whether a row that counts misses the expectation."""


class RowExpectation(Protocol):
    """An expectation that looks at one row at a time."""

    @property
    def name(self) -> str:
        """Which one, of which suite; its counters have this name."""
        ...

    @property
    def reason(self) -> str:
        """What a row that misses it is told."""
        ...

    @property
    def action(self) -> CheckAction:
        """What becomes of a row that misses it."""
        ...

    @property
    def mostly(self) -> float:
        """Which share of the rows must meet it."""
        ...

    @property
    def columns(self) -> Sequence[str]:
        """The columns that it reads."""
        ...

    def conditions(self, schema: pa.Schema, at: Callable[[str], exp.Expression]) -> RowConditions:
        """The conditions over columns of these types; raises SqlError where they do not fit."""
        ...


Checks: TypeAlias = Mapping[str, Sequence[RowExpectation]]
"""Expectations by the name of their table."""


def row_checks(
    expectations: Sequence[RowExpectation],
    table: TableDescriptor,
    changelog: Changelog,
    node: str,
    where: TextWhere | None,
) -> RowChecks | None:
    """The queries for a table's expectations, over the wide relation of a node."""
    if not expectations:
        return None
    if changelog.upsert and any(e.action == "dead-letter" for e in expectations):
        raise SqlError(
            f"rows of the table `{table.name}` cannot be set aside: its updates come without the "
            "row before them",
            code="quality.not-in-stream",
            where=where,
            hint="An older row would stay as if it were the last one. Use `action: warn` or "
            "`action: stop`.",
        )
    schema = table.schema.arrow()
    places = dict(zip(schema.names, names(len(schema.names)), strict=True))
    found = [e.conditions(schema, lambda name: column(places[name])) for e in expectations]
    counted = [
        alias(count_where(condition), f"{sign}{i}")
        for i, one in enumerate(found)
        for sign, condition in (("n", one.considered), ("u", _missed(one)))
    ]
    flags = [alias(_missed(one), f"u{i}") for i, one in enumerate(found)]
    anywhere = any_of([_missed(one) for one in found])
    rows = exp.select(column(ROW), *flags).from_(relation(wide(node))).where(anywhere)
    counts = exp.select(*counted).from_(relation(wide(node)))
    checks = tuple(RowCheck(e.name, e.reason, e.action, e.mostly) for e in expectations)
    return RowChecks(text(counts), text(rows), checks)


def all_of(conditions: Sequence[exp.Expression]) -> exp.Expression:
    """The conditions joined by AND."""
    return reduce(lambda a, b: exp.And(this=a, expression=exp.Paren(this=b.copy())), conditions)


def any_of(conditions: Sequence[exp.Expression]) -> exp.Expression:
    """The conditions joined by OR."""
    return reduce(lambda a, b: exp.Or(this=a, expression=exp.Paren(this=b.copy())), conditions)


def _missed(one: RowConditions) -> exp.Expression:
    return all_of([exp.Paren(this=one.considered.copy()), one.unexpected])


def count_where(condition: exp.Expression) -> exp.Expression:
    """The count of rows for which the condition holds, as BIGINT."""
    where = exp.Where(this=condition.copy())
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=where)
