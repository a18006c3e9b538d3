"""Which columns a query hands on as they are: those need no DuckDB.

Running a projection in DuckDB copies every column, long texts too. Where a query neither drops,
adds nor moves rows, its plain columns are the columns of the batch.
"""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp

from tidemill.plan.fuse import column, text
from tidemill.plan.fuse import relation as of_relation
from tidemill.records import dataclass

_PARTS = {"expressions", "from_"}
_MOVES_ROWS = (exp.Window, exp.AggFunc, exp.Unnest, exp.Explode, exp.Query, exp.Placeholder)
_UNNESTS = {"unnest", "generate_subscripts"}


@dataclass(frozen=True, slots=True)
class Passing:
    """A query whose rows are those of its relation, in their order.

    Attributes:
        columns: its columns, each with the column of the relation that it is, or None where it is
            computed.
        select: the query.
    """

    columns: tuple[tuple[str, str | None], ...]
    select: exp.Select

    def computing(self, names: set[str]) -> str:
        """The query for some of its columns alone."""
        made = {e.alias_or_name: e for e in self.select.expressions}
        kept = [made.get(name, column(name)).copy() for name, _ in self.columns if name in names]
        select = self.select.copy()
        select.set("expressions", kept)
        return text(select)


@lru_cache(maxsize=1_024)  # at start, each new relation has all queries prepared once more
def passing(query: str, relation: str) -> Passing | None:
    """What a query in DuckDB's dialect hands on of `relation`; None where nothing surely is."""
    parsed = sqlglot.parse_one(query, dialect="duckdb")
    if not isinstance(parsed, exp.Select):
        return None
    columns = _columns(parsed, relation)
    if columns is None or not any(columns.values()):
        return None
    return Passing(tuple(columns.items()), parsed)


def _columns(select: exp.Select, relation: str) -> dict[str, str | None] | None:
    """The columns by name, for a query whose rows are those of the relation, or of such a query."""
    if {name for name, part in select.args.items() if part} - _PARTS:
        return None
    source = select.args["from_"].this
    known: dict[str, str | None] | None = None  # the relation's own, whatever they are
    if isinstance(source, exp.Subquery):
        inner = source.this
        known = _columns(inner, relation) if isinstance(inner, exp.Select) else None
        if known is None:
            return None
    elif source != of_relation(relation):
        return None
    found: dict[str, str | None] = {}
    for expression in select.expressions:
        if isinstance(expression, exp.Star):
            if known is None or expression.args.get("except_") or expression.args.get("replace"):
                return None
            found |= known
            continue
        made = expression.unalias()
        plain = isinstance(made, exp.Column) and not made.table
        if not plain and _moves_rows(made):
            return None
        name = expression.alias_or_name
        if name in found:
            return None
        found[name] = (made.name if known is None else known.get(made.name)) if plain else None
    return found


def _moves_rows(expression: exp.Expression) -> bool:
    named = (node.name.lower() for node in expression.find_all(exp.Anonymous))
    return expression.find(*_MOVES_ROWS) is not None or not _UNNESTS.isdisjoint(named)
