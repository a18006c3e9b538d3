"""UNION, INTERSECT, EXCEPT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from tidemill.runners.spark.relations import Relation, field_names
from tidemill.runners.spark.types import has_floats
from tidemill.sql.logical import SetOperation, SetOperator, Union

if TYPE_CHECKING:
    from tidemill.runners.spark.queries import Queries


def union(queries: Queries, node: Union) -> Relation:
    """UNION ALL."""
    names = field_names(node.fields)
    parts = [queries.query(part, names) for part in node.inputs]
    made: exp.Query = parts[0]
    for part in parts[1:]:
        made = exp.Union(this=made, expression=part, distinct=False)
    return queries.sealed(made, names)


def set_operation(queries: Queries, node: SetOperation) -> Relation:
    """INTERSECT and EXCEPT, with and without ALL."""
    for f in node.fields:
        if has_floats(f.type) or f.type.root.value == "MAP":
            queries.refuse.it(f"{node.operator.value} over {f.type.sql()}")
    names = field_names(node.fields)
    left, right = (queries.query(part, names) for part in node.inputs)
    kind = exp.Intersect if node.operator is SetOperator.INTERSECT else exp.Except
    return queries.sealed(kind(this=left, expression=right, distinct=not node.all), names)
