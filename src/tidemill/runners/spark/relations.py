"""A SELECT while it grows: how chains of operators become one query instead of a nest of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from tidemill.records import dataclass
from tidemill.runners.spark.lowering.build import both
from tidemill.sql.expressions import Expression, InputRef, children
from tidemill.sql.logical import Fields


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of a source, filtered and computed; `columns` are over the columns of the source.

    `source` is a table, a join, or a subquery with an alias; `tail` are clauses behind WHERE that
    end it (grouping, order): such a relation can only be selected from.
    """

    source: exp.Expression
    columns: tuple[exp.Expression, ...]
    where: exp.Expression | None = None
    laterals: tuple[exp.Expression, ...] = ()

    def filtered(self, predicate: exp.Expression) -> Relation:
        """With one more condition."""
        where = predicate if self.where is None else both(self.where, predicate)
        return replace(self, where=where)

    def select(self, names: Sequence[str]) -> exp.Select:
        """The query, its columns under these names."""
        shown = [
            column.copy()
            if _name_of(column) == name
            else exp.alias_(column.copy(), name, quoted=True)
            for column, name in zip(self.columns, names, strict=True)
        ]
        query = exp.Select(expressions=shown).from_(self.source.copy(), copy=False)
        if self.laterals:
            query.set("laterals", [lateral.copy() for lateral in self.laterals])
        return query.where(self.where.copy(), copy=False) if self.where is not None else query


def _name_of(column: exp.Expression) -> str | None:
    return column.name if isinstance(column, exp.Column) else None


def field_names(fields: Fields) -> list[str]:
    """The names of a node's fields, each once: later ones get a number."""
    seen: Counter[str] = Counter()
    taken = {field.name for field in fields}
    made = []
    for field in fields:
        name = field.name
        seen[field.name] += 1
        if seen[field.name] > 1:
            name = f"{field.name}_{seen[field.name]}"
            while name in taken:
                name += "_"
            taken.add(name)
        made.append(name)
    return made


def column(name: str, table: str | None = None) -> exp.Expression:
    """A column, quoted."""
    return exp.column(
        exp.to_identifier(name, quoted=True),
        table=exp.to_identifier(table, quoted=True) if table else None,
    )


def table(name: str, alias: str | None = None) -> exp.Expression:
    """A table or view by name."""
    made = exp.Table(this=exp.to_identifier(name, quoted=True))
    return exp.alias_(made, alias, quoted=True, table=True) if alias else made  # type: ignore[return-value]


def uses(expressions: Sequence[Expression]) -> Counter[int]:
    """How often each input column is referred to."""
    found: Counter[int] = Counter()

    def walk(expression: Expression) -> None:
        if isinstance(expression, InputRef):
            found[expression.index] += 1
        for child in children(expression):
            walk(child)

    for expression in expressions:
        walk(expression)
    return found


def is_plain(made: exp.Expression) -> bool:
    """Whether writing it twice costs nothing: a column, a part of one, or a constant."""
    if isinstance(made, exp.Dot):
        return is_plain(made.this)
    return isinstance(made, (exp.Column, exp.Literal, exp.Boolean, exp.Null))
