"""Prints logical plans as indented text, for explain and for tests.

Input columns appear as `name#index`: the text says exactly which column an expression reads.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from tidemill.sql.expressions import (
    AggregateCall,
    Call,
    Cast,
    Expression,
    InputRef,
    Interval,
    Literal,
    LiteralValue,
)
from tidemill.sql.logical import (
    Aggregate,
    Correlate,
    CurrentWatermark,
    Fields,
    Filter,
    Insert,
    Join,
    LogicalNode,
    LookupJoin,
    MatchRecognize,
    OverAggregate,
    Project,
    PythonCalc,
    Rank,
    Scan,
    Script,
    Select,
    SetOperation,
    Sort,
    SortKey,
    TemporalJoin,
    Union,
    Values,
    Watermark,
    WindowSpec,
    WindowTableFunction,
    inputs,
)

_INFIX = {
    "PLUS": "+",
    "MINUS": "-",
    "TIMES": "*",
    "DIVIDE": "/",
    "MOD": "%",
    "EQUALS": "=",
    "NOT_EQUALS": "<>",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "<=",
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUAL": ">=",
    "CONCAT_OPERATOR": "||",
    "AND": "AND",
    "OR": "OR",
}


def render(plan: Script | Insert | Select | LogicalNode) -> str:
    """The plan as text: roots first, each input indented below its node."""
    if isinstance(plan, Script):
        settings = [f"SET {key} = {value}" for key, value in plan.settings.items()]
        roots = [*map(render, plan.inserts), *map(render, plan.selects)]
        return "\n".join([*settings, *roots])
    if isinstance(plan, Insert):
        names = ", ".join(plan.sink.schema.names)
        return f"Insert into {plan.sink.name} ({names})\n{_tree(plan.query, 1)}"
    if isinstance(plan, Select):
        return f"Select\n{_tree(plan.query, 1)}"
    return _tree(plan, 0)


def render_expression(expression: Expression) -> str:
    """One expression as text."""
    match expression:
        case InputRef():
            return f"{expression.name}#{expression.index}"
        case Literal():
            return _literal(expression.value)
        case Cast():
            name = "TRY_CAST" if expression.safe else "CAST"
            return f"{name}({render_expression(expression.argument)} AS {expression.type.sql()})"
        case Call():
            return _call(expression)


def _call(call: Call) -> str:
    arguments = [render_expression(argument) for argument in call.arguments]
    if call.function in _INFIX and len(arguments) == 2:
        return f"({arguments[0]} {_INFIX[call.function]} {arguments[1]})"
    return f"{call.function}({', '.join(arguments)})"


def _literal(value: LiteralValue) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case str():
            escaped = value.replace("'", "''")
            return f"'{escaped}'"
        case bytes():
            return f"x'{value.hex()}'"
        case dt.datetime():
            return f"TIMESTAMP '{value.isoformat(' ')}'"
        case dt.date():
            return f"DATE '{value.isoformat()}'"
        case dt.time():
            return f"TIME '{value.isoformat()}'"
        case Interval():
            if value.months:
                return f"INTERVAL {value.months} months"
            return f"INTERVAL {duration(value.microseconds)}"
        case Decimal():
            return f"{value:f}"
        case _:
            return repr(value)


def duration(microseconds: int) -> str:
    """A duration in its largest whole unit."""
    for name, size in (("day", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000),
                       ("s", 1_000_000), ("ms", 1000)):  # fmt: skip
        if microseconds and microseconds % size == 0:
            return f"{microseconds // size} {name}"
    return f"{microseconds} us"


def _tree(node: LogicalNode, depth: int) -> str:
    lines = ["  " * depth + line(node)]
    lines += [_tree(child, depth + 1) for child in inputs(node)]
    return "\n".join(lines)


def line(node: LogicalNode) -> str:
    """One node as one line, without its inputs."""
    match node:
        case Scan():
            return f"Scan {node.table.name} [{_fields(node.fields)}]"
        case Watermark():
            name = node.fields[node.column].name
            return f"Watermark {name} AS {render_expression(node.expression)}"
        case Project():
            items = zip(node.expressions, node.fields, strict=True)
            return "Project " + ", ".join(
                f"{render_expression(e)} AS {f.name} {f.type}{_attribute(f)}" for e, f in items
            )
        case Filter():
            return f"Filter {render_expression(node.predicate)}"
        case WindowTableFunction():
            return f"Window {_window(node.window, node.input.fields)}"
        case Aggregate():
            return _aggregate(node)
        case Union():
            return f"Union all [{_fields(node.fields)}]"
        case SetOperation():
            name = node.operator.value.capitalize() + (" all" if node.all else "")
            return f"{name} [{_fields(node.fields)}]"
        case Values():
            rows = ", ".join(
                f"({', '.join(_literal(value) for value in row)})" for row in node.rows
            )
            return f"Values {rows} [{_fields(node.fields)}]"
        case Sort():
            return _sort(node)
        case Rank():
            return _rank(node)
        case OverAggregate():
            return _over(node)
        case Correlate():
            return _correlate(node)
        case Join():
            on = "" if node.condition is None else f" on {render_expression(node.condition)}"
            return f"Join {node.kind.value.lower()}{on} -> [{_fields(node.fields)}]"
        case TemporalJoin():
            pairs = " AND ".join(
                f"{render_expression(one)} = {render_expression(other)}" for one, other in node.keys
            )
            times = f"{node.left.fields[node.left_time].name}#{node.left_time}"
            kind = node.kind.value.lower()
            return f"TemporalJoin {kind} on {pairs} as of {times} -> [{_fields(node.fields)}]"
        case LookupJoin():
            return _lookup(node)
        case PythonCalc():
            calls = ", ".join(render_expression(call) for call in node.calls)
            return f"Python {calls} -> [{_fields(node.fields[-len(node.calls) :])}]"
        case CurrentWatermark():
            return f"CurrentWatermark -> [{_fields(node.fields[-1:])}]"
        case MatchRecognize():
            return _match(node)


def _match(node: MatchRecognize) -> str:
    keys = ", ".join(f"{node.input.fields[key].name}#{key}" for key in node.keys)
    order = ", ".join(
        render_expression(key.expression) + (" DESC" if key.descending else "")
        for key in node.order
    )
    within = "" if node.within_ms is None else f" within {duration(node.within_ms * 1000)}"
    skip = f" skip {node.skip.value.lower()}"
    skip += "" if node.skip_variable is None else f" {node.pattern[node.skip_variable].name}"
    pattern = " ".join(map(str, node.pattern))
    conditions = "; ".join(
        f"{variable.name} AS {render_expression(condition.expression)}"
        for variable, condition in zip(node.pattern, node.conditions, strict=True)
        if condition is not None
    )
    return (
        f"Match ({pattern}) by [{keys}] order [{order}]{within}{skip} define [{conditions}] -> "
        f"[{_fields(node.fields)}]"
    )


def _over(node: OverAggregate) -> str:
    calls = ", ".join(_aggregate_call(call) for call in node.calls)
    keys = ", ".join(render_expression(key) for key in node.keys)
    order = ", ".join(
        render_expression(key.expression) + (" DESC" if key.descending else "")
        for key in node.order
    )
    unit = "rows" if node.frame.rows else "range"
    ends = ["unbounded" if end is None else str(end) for end in (node.frame.start, node.frame.end)]
    frame = f"{unit} from {ends[0]} to {ends[1]}"
    return f"Over [{calls}] by [{keys}] order [{order}] {frame} -> [{_fields(node.fields)}]"


def _correlate(node: Correlate) -> str:
    places = " with ordinality" if node.function.ordinality else ""
    called = f"UNNEST({render_expression(node.function.collection)}){places}"
    return f"Correlate {node.kind.value} {called} -> [{_fields(node.fields)}]"


def _lookup(node: LookupJoin) -> str:
    columns = node.table.schema.columns
    pairs = " AND ".join(
        f"{columns[key.column].name} = {render_expression(key.value)}" for key in node.keys
    )
    rest = "" if node.condition is None else f" where {render_expression(node.condition)}"
    kind = node.kind.value.lower()
    return f"LookupJoin {kind} {node.table.name} on {pairs}{rest} -> [{_fields(node.fields)}]"


def _attribute(field: object) -> str:
    attribute = getattr(field, "time_attribute", None)
    return f" *{attribute.name}*" if attribute is not None else ""


def _fields(fields: Fields) -> str:
    return ", ".join(f"{field.name} {field.type}{_attribute(field)}" for field in fields)


def _window(window: WindowSpec, fields: Fields) -> str:
    parts = [f"{window.kind.value} on {fields[window.time_column].name}#{window.time_column}"]
    parts.append(f"size {duration(window.size_ms * 1000)}")
    if window.slide_ms is not None:
        parts.append(f"slide {duration(window.slide_ms * 1000)}")
    if window.offset_ms:
        parts.append(f"offset {duration(window.offset_ms * 1000)}")
    if window.partition_columns:
        names = ", ".join(f"{fields[i].name}#{i}" for i in window.partition_columns)
        parts.append(f"partition by {names}")
    return ", ".join(parts)


def _aggregate(node: Aggregate) -> str:
    keys = ", ".join(render_expression(key) for key in node.keys)
    calls = ", ".join(_aggregate_call(call) for call in node.aggregates)
    text = f"Aggregate by [{keys}] of [{calls}]"
    if node.window is not None:
        properties = ", ".join(part.value for part in node.window_properties)
        text += f" over {_window(node.window, node.input.fields)} with [{properties}]"
    return f"{text} -> [{_fields(node.fields)}]"


def _aggregate_call(call: AggregateCall) -> str:
    arguments = ", ".join(render_expression(argument) for argument in call.arguments) or "*"
    text = f"{call.function}({'DISTINCT ' if call.distinct else ''}{arguments})"
    if call.filter is not None:
        text += f" FILTER {render_expression(call.filter)}"
    return text


def _rank(node: Rank) -> str:
    keys = ", ".join(render_expression(key) for key in node.keys)
    bound = "" if node.limit is None else f" up to {node.limit}"
    return f"Rank by [{keys}] order by [{_order(node.order)}]{bound} -> [{_fields(node.fields)}]"


def _order(keys: tuple[SortKey, ...]) -> str:
    return ", ".join(
        render_expression(key.expression)
        + (" DESC" if key.descending else "")
        + (" NULLS FIRST" if key.nulls_first else " NULLS LAST")
        for key in keys
    )


def _sort(node: Sort) -> str:
    text = f"Sort by [{_order(node.keys)}]"
    if node.limit is not None:
        text += f" limit {node.limit}"
    return text + (f" offset {node.offset}" if node.offset else "")
