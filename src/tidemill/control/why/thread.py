"""A logical plan that carries, beside each row, the places of the messages that it is made of.

Every node gets one more column, the last one: places separated by spaces. A scan writes the
message's own, a join puts both sides' together, an aggregate lists those of its group. All else
of the plan stays as it is, so filters, windows, late rows and retractions do what they do in the
pipeline, and a row's places are those of exactly the messages that it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tidemill.control.why.refusals import refuse, untraceable
from tidemill.model import Column, ColumnKind, DataType, Schema, TableDescriptor, TypeRoot
from tidemill.model.types import INT, STRING
from tidemill.records import dataclass
from tidemill.sql.expressions import (
    AggregateCall,
    Call,
    Cast,
    Expression,
    InputRef,
    Literal,
)
from tidemill.sql.logical import (
    Aggregate,
    Correlate,
    Fields,
    Filter,
    Join,
    LogicalNode,
    LookupJoin,
    Project,
    Rank,
    RowField,
    Scan,
    Sort,
    TemporalJoin,
    Union,
    Values,
    Watermark,
    WindowTableFunction,
)

WHY = "$why"
SEPARATOR = " "
TABLE_MARK = "@"
"""Begins the place of a row that is no message: the name of its table follows, by its number."""

KAFKA = ("kafka", "upsert-kafka")
_TEXT = STRING.with_nullable(True)
_PLACE = (
    Column("$topic", STRING.with_nullable(False), ColumnKind.METADATA, "topic", True),
    Column("$partition", INT.with_nullable(False), ColumnKind.METADATA, "partition", True),
    Column("$offset", DataType(TypeRoot.BIGINT, False), ColumnKind.METADATA, "offset", True),
)


@dataclass
class Threaded:
    """A plan with places, and what they cannot say: `notes`, in sentences."""

    tables: list[str]
    notes: list[str]

    def node(self, node: LogicalNode) -> LogicalNode:
        """The node with the places of each row in one more column."""
        return _Threader(self).of(node)


class _Threader:
    def __init__(self, told: Threaded) -> None:
        self._told = told
        self._made: dict[int, LogicalNode] = {}

    def of(self, node: LogicalNode) -> LogicalNode:
        """Shared nodes stay shared."""
        found = self._made.get(id(node))
        if found is None:
            found = self._made[id(node)] = self._thread(node)
        return found

    def _thread(self, node: LogicalNode) -> LogicalNode:
        match node:
            case Scan():
                return self._scan(node)
            case Values():
                return _appended(node, node.fields, Literal(None, _TEXT))
            case Watermark() | Filter() | Sort():
                return replace(node, input=self.of(node.input), fields=_longer(node.fields))
            case Project():
                below = self.of(node.input)
                places = (*node.expressions, _last(below))
                return Project(below, places, _longer(node.fields))
            case Union():
                inputs = tuple(self.of(one) for one in node.inputs)
                return Union(inputs, _longer(node.fields))
            case WindowTableFunction() | Rank() | Correlate():
                return self._adding(node)
            case Aggregate():
                return self._aggregate(node)
            case Join() | TemporalJoin():
                return self._join(node)
            case LookupJoin():
                return self._lookup(node)
            case _:
                raise refuse(node)

    def _scan(self, node: Scan) -> LogicalNode:
        table = node.table
        if table.options.get("connector") not in KAFKA:
            return _appended(node, node.fields, Literal(self._mark(table), _TEXT))
        if table.history is not None:
            raise untraceable(
                f"the table {table.name}: rows of its history have no place in the topic"
            )
        columns = (*table.schema.columns, *_PLACE)
        fields = (*node.fields, *(RowField(c.name, c.type) for c in _PLACE))
        scan = Scan(replace(table, schema=Schema(columns)), fields, node.where)
        width = len(node.fields)
        topic, *numbers = (InputRef(width + i, c.name, c.type) for i, c in enumerate(_PLACE))
        text = STRING.with_nullable(False)
        parts: list[Expression] = [topic, *(Cast(number, text) for number in numbers)]
        place = Call("CONCAT_WS", (_text(":"), *parts), _TEXT)
        return _appended(scan, node.fields, place)

    def _mark(self, table: TableDescriptor) -> str:
        if table.name not in self._told.tables:
            self._told.tables.append(table.name)
        return f"{TABLE_MARK}{self._told.tables.index(table.name)}"

    def _adding(self, node: WindowTableFunction | Rank | Correlate) -> LogicalNode:
        """A node that puts its own columns behind those of its input."""
        below = self.of(node.input)
        width = len(node.input.fields)
        added = node.fields[width:]
        fields = (*node.fields[:width], below.fields[-1], *added)
        wide = replace(node, input=below, fields=fields)
        order = (*range(width), *range(width + 1, len(fields)), width)
        return _picked(wide, order, _longer(node.fields))

    def _aggregate(self, node: Aggregate) -> LogicalNode:
        below = self.of(node.input)
        listed = AggregateCall("LISTAGG", (_last(below), _text(SEPARATOR)), _TEXT)
        return replace(
            node,
            input=below,
            aggregates=(*node.aggregates, listed),
            fields=_longer(node.fields),
        )

    def _join(self, node: Join | TemporalJoin) -> LogicalNode:
        left, right = self.of(node.left), self.of(node.right)
        width = len(node.left.fields)
        wide: LogicalNode
        if isinstance(node, TemporalJoin):
            fields = _side_by_side(node, left, right, width)
            wide = replace(node, left=left, right=right, fields=fields)
        else:
            condition = None if node.condition is None else _moved(node.condition, width)
            if not node.kind.pairs:
                self._note_existence(node)
                fields = (*node.fields, left.fields[-1])
                return replace(node, left=left, right=right, condition=condition, fields=fields)
            fields = _side_by_side(node, left, right, width)
            wide = replace(node, left=left, right=right, condition=condition, fields=fields)
        last = len(wide.fields) - 1
        both = tuple(InputRef(i, WHY, _TEXT) for i in (width, last))
        kept = (*range(width), *range(width + 1, last))
        return _picked(wide, kept, _longer(node.fields), _together(*both))

    def _note_existence(self, node: Join) -> None:
        self._told.notes.append(
            f"Rows that must be there, or must not ({node.kind.value} join), are not listed."
        )

    def _lookup(self, node: LookupJoin) -> LogicalNode:
        below = self.of(node.input)
        width = len(node.input.fields)
        condition = None if node.condition is None else _moved(node.condition, width)
        fields = (*node.fields[:width], below.fields[-1], *node.fields[width:])
        wide = replace(node, input=below, condition=condition, fields=fields)
        kept = (*range(width), *range(width + 1, len(fields)))
        looked_up = _text(self._mark(node.table))
        places = _together(InputRef(width, WHY, _TEXT), looked_up)
        return _picked(wide, kept, _longer(node.fields), places)


def _side_by_side(
    node: Join | TemporalJoin, left: LogicalNode, right: LogicalNode, width: int
) -> Fields:
    ours, theirs = node.fields[:width], node.fields[width:]
    return (*ours, left.fields[-1], *theirs, right.fields[-1])


def _longer(fields: Fields) -> Fields:
    return (*fields, RowField(WHY, _TEXT))


def _text(text: str) -> Literal:
    return Literal(text, STRING.with_nullable(False))


def _last(node: LogicalNode) -> InputRef:
    return InputRef(len(node.fields) - 1, WHY, _TEXT)


def _together(*places: Expression) -> Expression:
    """Both, where both are there; NULL stands for the missing side of an outer join."""
    return Call("CONCAT_WS", (_text(SEPARATOR), *places), _TEXT)


def _appended(node: LogicalNode, fields: Fields, place: Expression) -> LogicalNode:
    """The node's first columns, `fields`, then the place."""
    return _picked(node, tuple(range(len(fields))), _longer(fields), place)


def _picked(
    node: LogicalNode, order: tuple[int, ...], fields: Fields, *more: Expression
) -> LogicalNode:
    kept = tuple(InputRef(i, node.fields[i].name, node.fields[i].type) for i in order)
    return Project(node, (*kept, *more), fields)


def _moved(expression: Expression, width: int) -> Expression:
    """A condition over both sides, where the left one has become one column wider."""
    match expression:
        case InputRef():
            by = 1 if expression.index >= width else 0
            return replace(expression, index=expression.index + by)
        case Call():
            arguments = tuple(_moved(one, width) for one in expression.arguments)
            return replace(expression, arguments=arguments)
        case Cast():
            return replace(expression, argument=_moved(expression.argument, width))
        case Literal():
            return expression


def key_filter(node: LogicalNode, wanted: Mapping[int, str]) -> LogicalNode:
    """The rows whose columns, by index, have these values, given as text."""
    boolean = DataType(TypeRoot.BOOLEAN)
    tests: list[Expression] = []
    for index, text in wanted.items():
        field = node.fields[index]
        ref = InputRef(index, field.name, field.type)
        value = Cast(_text(text), field.type.with_nullable(True), safe=True)
        tests.append(Call("EQUALS", (ref, value), boolean))
    predicate = tests[0]
    for test in tests[1:]:
        predicate = Call("AND", (predicate, test), boolean)
    return Filter(node, predicate, node.fields)
