"""What a node of the plan computes, as a digest: equal digests, equal rows from equal input.

State belongs to what an operator computes, not to where its statement stands. So a digest says
nothing of ids, names of columns and views, places in the text, filters further on, or columns of a
table that nobody reads; it does say which tables are read, what is filtered before, and how the
state is laid out. Guarantee: two operators with one digest, fed with the same messages, hold the
same state. Non-guarantee: two texts that compute the same in different words may differ.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tidemill.interfaces.python_function import PythonFunction
from tidemill.model import DataType, TableDescriptor
from tidemill.plan.physical import OperatorStage
from tidemill.sql.expressions import InputRef, Literal
from tidemill.sql.logical import (
    Aggregate,
    Filter,
    Join,
    LogicalNode,
    Project,
    RowField,
    Scan,
    Union,
    Watermark,
    WindowTableFunction,
    inputs,
)

_PLACE = re.compile(
    r"connector|topic|topic-pattern|path|stream|stream\.arn|slot\.name"
    r"|(table|database|schema)-name|catalog-(name|database|table)"
)
_NEUTRAL = re.compile(
    r"(properties|scan|sink|lookup|late-handling|error-handling|s3|aws|hadoop)\..*"
    r"|.*schema\.change\.behavior|.*(url|host|port|user|password|endpoint|token|secret|credential|timeout|interval|retries).*"
)
_SKIPPED = frozenset({"where", "span", "fields", "ttl_ms", "name", "comment"})
"""Fields of nodes and expressions that change nothing of what is computed."""


def place(table: TableDescriptor) -> str:
    """Which store a table's positions belong to."""
    return _digest(sorted((k, v) for k, v in table.options.items() if _PLACE.fullmatch(k)))


def source_meaning(table: TableDescriptor) -> str:
    """Which rows a table gives, without its columns: its name, place, format and key.

    The name counts because positions are kept by it.
    """
    kept = sorted((k, v) for k, v in table.options.items() if not _NEUTRAL.fullmatch(k))
    return _digest([table.name, kept, place(table), table.primary_key])


class Meanings:
    """The digests of a script's nodes; `zone` is `table.local-time-zone`."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._done: dict[int, tuple[LogicalNode, str, tuple[str, ...]]] = {}

    def whole(self, node: LogicalNode, used: Iterable[int] | None = None) -> str:
        """The rows of a node with these columns; by default all."""
        rows, columns = self._of(node)
        chosen = columns if used is None else [columns[i] for i in sorted(used)]
        return _digest([self._zone, rows, *chosen])

    def operator(self, node: LogicalNode, used: Iterable[int], stage: OperatorStage) -> str:
        """A stateful operator: what it computes, and how its state is laid out."""
        own = re.compile(rf'\b(FROM|JOIN) "{re.escape(stage.id)}(?=[_"])')
        layout = [own.sub('FROM "op', part) for part in (*stage.fingerprint(), repr(stage.schema))]
        taken = () if isinstance(node, Aggregate) else used
        return _digest([type(stage).__name__, self.whole(node, taken), *layout])

    def _of(self, node: LogicalNode) -> tuple[str, tuple[str, ...]]:
        found = self._done.get(id(node))
        if found is None:
            found = self._done[id(node)] = (node, *self._made(node))
        return found[1], found[2]

    def _made(self, node: LogicalNode) -> tuple[str, tuple[str, ...]]:
        """Which rows a node gives, and what stands in each of its columns."""
        if isinstance(node, Scan):
            kinds = {c.name: _digest(_value(c, ())) for c in node.table.schema.columns}
            rows = source_meaning(node.table)
            return rows, tuple(
                _digest([f.name, str(f.type), kinds.get(f.name, "")]) for f in node.fields
            )
        if isinstance(node, Watermark):
            rows, columns = self._of(node.input)
            mark = [columns[node.column], _value(node.expression, columns)]
            return _digest(["watermark", rows, mark]), columns
        if isinstance(node, Project):
            rows, columns = self._of(node.input)
            return rows, tuple(_digest(_value(e, columns)) for e in node.expressions)
        if isinstance(node, Filter):
            rows, columns = self._of(node.input)
            return _digest(["filter", rows, _value(node.predicate, columns)]), columns
        if isinstance(node, WindowTableFunction):
            rows, columns = self._of(node.input)
            window = _window(node.window, columns)
            made = tuple(_digest([window, i]) for i in range(len(node.fields) - len(columns)))
            return _digest(["windows", rows, window]), (*columns, *made)
        if isinstance(node, Aggregate):
            return self._aggregate(node)
        if isinstance(node, Union):
            parts = [self._of(one) for one in node.inputs]
            columns = tuple(
                _digest(list(same)) for same in zip(*(p[1] for p in parts), strict=True)
            )
            return _digest(["union", *(rows for rows, _ in parts)]), columns
        if isinstance(node, Join):
            return self._join(node)
        return self._any(node)

    def _aggregate(self, node: Aggregate) -> tuple[str, tuple[str, ...]]:
        rows, columns = self._of(node.input)
        keys = [_digest(_value(key, columns)) for key in node.keys]
        calls = [_digest(_value(call, columns)) for call in node.aggregates]
        window = None if node.window is None else _window(node.window, columns)
        made = (*keys, *(p.value for p in node.window_properties), *calls)
        grouped = ["aggregate", rows, window, node.row_over_nothing, made]
        return _digest(grouped), tuple(_digest(["of", one]) for one in made)

    def _join(self, node: Join) -> tuple[str, tuple[str, ...]]:
        (left, left_columns), (right, right_columns) = self._of(node.left), self._of(node.right)
        both = (
            *(_digest(["left", one]) for one in left_columns),
            *(_digest(["right", one]) for one in right_columns),
        )
        condition = None if node.condition is None else _value(node.condition, both)
        rows = _digest(["join", node.kind.value, left, right, condition])
        return rows, both if node.kind.pairs else both[: len(left_columns)]

    def _any(self, node: LogicalNode) -> tuple[str, tuple[str, ...]]:
        """A node that is known by all that it holds and all that it reads."""
        below = [self.whole(one) for one in inputs(node)]
        given = {id(one) for one in inputs(node)}
        held = [
            _value(value, ())
            for f in fields(node)
            if f.name not in _SKIPPED | {"inputs"}
            and id(value := getattr(node, f.name)) not in given
        ]
        rows = _digest([type(node).__name__, below, held, [str(f.type) for f in node.fields]])
        return rows, tuple(_digest([rows, i]) for i in range(len(node.fields)))


def _window(window: Any, columns: tuple[str, ...]) -> Any:
    return [
        columns[window.time_column], window.kind.value, window.time_attribute.value,
        window.size_ms, window.slide_ms, window.offset_ms,
        [columns[i] for i in window.partition_columns],
    ]  # fmt: skip


def _value(value: Any, columns: tuple[str, ...]) -> Any:
    """A value as plain lists; a reference to a column is what stands in the column."""
    if isinstance(value, InputRef):
        return ["column", columns[value.index] if columns else value.index]
    if isinstance(value, Literal):
        return ["literal", repr(value.value), str(value.type)]
    if isinstance(value, DataType):
        return str(value)
    if isinstance(value, RowField):
        return [str(value.type), repr(value.time_attribute)]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PythonFunction):
        return ["python", value.path, _code(value.loaded.file), str(value.result_type)]
    if isinstance(value, TableDescriptor):
        named = [[c.name, _value(c, columns)] for c in value.schema.columns]
        return [source_meaning(value), named]
    if isinstance(value, (tuple, list, frozenset)):
        return [_value(one, columns) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        held = [
            _value(getattr(value, f.name), columns) for f in fields(value) if f.name not in _SKIPPED
        ]
        return [type(value).__name__, *held]
    return repr(value)


def _code(file: str) -> str:
    """What a Python file holds, or its name where it cannot be read."""
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError:
        return file


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:24]
