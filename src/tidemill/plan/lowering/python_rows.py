"""The partials of an aggregate function in Python: the rows of a group, as a list.

An element holds the arguments (`a0`...), the weight `w` (1 for a row that comes, -1 for one that
goes) and `r`, which orders the rows: their index in the batch, later their place in the stream.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tidemill.model import DataType, Field, TypeRoot
from tidemill.model.types import BIGINT, TINYINT
from tidemill.plan.lowering.build import cast, duckdb_type, fn
from tidemill.plan.physical import ROW
from tidemill.sql.expressions import AggregateCall

WEIGHT = "w"
PLACE = "r"


def rows_type(call: AggregateCall) -> DataType:
    """The type of the list."""
    arguments = [Field(f"a{i}", a.type) for i, a in enumerate(call.arguments)]
    row = DataType(TypeRoot.ROW, fields=(*arguments, Field(WEIGHT, TINYINT), Field(PLACE, BIGINT)))
    return DataType(TypeRoot.ARRAY, element=row)


def row_list(
    call: AggregateCall, arguments: Sequence[exp.Expression], weight: exp.Expression | None
) -> exp.Expression:
    """The aggregate that gathers the rows of a group; it reads the hidden column `r`."""
    sign = exp.Literal.number(1) if weight is None else weight
    place = exp.column(exp.to_identifier(ROW, quoted=True))
    values = [*arguments, cast(sign, "TINYINT"), place]
    element = rows_type(call).element
    assert element is not None
    pairs = zip(element.fields, values, strict=True)
    row = exp.Struct(
        expressions=[
            exp.PropertyEQ(
                this=exp.to_identifier(field.name, quoted=True),
                expression=cast(value, duckdb_type(field.type)),
            )
            for field, value in pairs
        ]
    )
    return fn("list", row)


def merged(lists: exp.Expression) -> exp.Expression:
    """The aggregate that joins the lists of a group's partials."""
    present = exp.Not(this=exp.Is(this=lists.copy(), expression=exp.null()))
    gathered = exp.Filter(this=fn("list", lists), expression=exp.Where(this=present))
    return fn("flatten", gathered)
