"""Rows as they stand: columns computed, rows left out, rows written in the script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from tidemill.runners.spark.lowering.build import cast
from tidemill.runners.spark.lowering.literals import lower_literal
from tidemill.runners.spark.relations import Relation, column, field_names, is_plain, uses
from tidemill.runners.spark.types import spark_type
from tidemill.sql.expressions import Literal
from tidemill.sql.logical import Filter, Project, Values

if TYPE_CHECKING:
    from tidemill.runners.spark.queries import Queries


def project(queries: Queries, node: Project) -> Relation:
    """The columns that a SELECT computes."""
    relation = queries.relation(node.input)
    counted = uses(node.expressions)
    if any(n > 1 and not is_plain(relation.columns[i]) for i, n in counted.items()):
        names = field_names(node.input.fields)
        relation = queries.sealed(relation.select(names), names)
    made = tuple(queries.lower(e, relation.columns) for e in node.expressions)
    return Relation(relation.source, made, relation.where, relation.laterals)


def filtered(queries: Queries, node: Filter) -> Relation:
    """The rows for which a predicate holds."""
    relation = queries.relation(node.input)
    counted = uses([node.predicate])
    if any(not is_plain(relation.columns[i]) for i in counted):
        names = field_names(node.input.fields)
        relation = queries.sealed(relation.select(names), names)
    return relation.filtered(queries.lower(node.predicate, relation.columns))


def values(queries: Queries, node: Values) -> Relation:
    """Rows that stand in the script."""
    names = field_names(node.fields)
    rows = []
    for row in node.rows:
        cells = []
        for value, f in zip(row, node.fields, strict=True):
            made = lower_literal(Literal(value, f.type))
            cells.append(made if made is not None else queries.refuse.type(f.type))
        rows.append(exp.Tuple(expressions=cells))
    alias = exp.TableAlias(
        this=exp.to_identifier(queries.alias()),
        columns=[exp.to_identifier(name, quoted=True) for name in names],
    )
    source = exp.Values(expressions=rows, alias=alias)
    typed = tuple(
        cast(column(name), spark_type(f.type) or "")
        for name, f in zip(names, node.fields, strict=True)
    )
    return Relation(source, typed)
