"""Debezium's change events to changelog rows.

`c` and `r` give +I of `after`; `u` gives -U of `before` and +U of `after`; `d` gives -D of
`before`; a tombstone (null or empty) is skipped. An update or delete needs `before` with the whole
row, so a Postgres table needs `REPLICA IDENTITY FULL`, as with Flink. Where Flink's job would fail
the message is rejected; with `ignore-parse-errors` it is skipped. Debezium's placeholder for a
large value that is not in the log is no value, unlike in Flink (see `common.unavailable`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from tidemill.formats.common import change_order as order
from tidemill.formats.common.unavailable import filled
from tidemill.formats.debezium_json import metadata
from tidemill.formats.json import nodes
from tidemill.formats.json.codec import MismatchError
from tidemill.formats.json.decoder import gather, null_errors, row_type, settle
from tidemill.formats.json.gathered import Gathered
from tidemill.formats.json.nested import RowCodec, shown_kind
from tidemill.formats.json.options import DecodeRules
from tidemill.interfaces.format import Change, Decoded
from tidemill.model import ColumnKind, RowKind, Schema

_IDENTITY = (
    "the `before` image of {} is null; if the event is from Postgres, run ALTER TABLE ... REPLICA "
    "IDENTITY FULL on its table"
)
_OPERATIONS = ("c", "r", "u", "d")


class _Rows:
    """Changelog rows: image, kind, event and message of each."""

    def __init__(self) -> None:
        self.images: list[Any] = []
        self.kinds: list[int] = []
        self.events: list[Any] = []
        self.origin: list[int] = []

    def add(self, image: Any, kind: int, outer: Any, index: int) -> None:
        """One row."""
        self.images.append(image)
        self.kinds.append(kind)
        self.events.append(outer)
        self.origin.append(index)


class DebeziumDecoder:
    """Decodes the messages of one table; see the module."""

    def __init__(
        self,
        schema: Schema,
        rules: DecodeRules,
        needed: frozenset[str] | None,
        schema_include: bool,
        deduplicate: bool,
    ) -> None:
        self.schema = schema
        self.rules = rules
        self.schema_include = schema_include
        self.deduplicate = deduplicate
        self.physical = schema.physical()
        wanted = [needed is None or name in needed for name in self.physical.names]
        self.row = RowCodec(row_type(self.physical), rules, wanted)
        self.required = [
            i
            for i, column in enumerate(self.physical.columns)
            if wanted[i] and not column.type.nullable
        ]
        self.metadata = {
            column.name: metadata.reader(column, schema_include)
            for column in schema.columns
            if column.kind is ColumnKind.METADATA and (needed is None or column.name in needed)
        }
        self.event, self.message = self._structs()
        self._fast = msgspec.json.Decoder(self.message).decode

    def _structs(self) -> tuple[Any, Any]:
        image = self.row.carrier | None
        source: Any = msgspec.Raw if self.metadata else order.Source | None
        fields: list[Any] = [
            ("op", str),
            ("before", image, None),
            ("after", image, None),
            ("source", source, None),
        ]
        if self.metadata:
            fields += [("ts_ms", int | None, None), ("schema", msgspec.Raw, None)]
        event = msgspec.defstruct("Event", fields)
        if not self.schema_include:
            return event, event
        outer: list[Any] = [("payload", event)]
        if self.metadata:
            outer.append(("schema", msgspec.Raw, None))
        return event, msgspec.defstruct("Message", outer)

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """Decode the messages; see `Decoder`."""
        gathered = gather(messages, self._fast, self._slow, self.rules.ignore_errors)
        origin = gathered.origin().tolist()
        changes: list[Change | None] | None = [None] * len(messages) if self.deduplicate else None
        rows = _Rows()
        problems: dict[int, tuple[str, str]] = {}
        for outer, index in zip(gathered.rows, origin, strict=True):
            event = outer.payload if self.schema_include else outer
            problem = _expand(event, outer, index, rows)
            if problem is not None:
                problems.setdefault(index, problem)
            if changes is not None:
                changes[index] = order.change_of(event.source, event.op)
        return self._finish(rows, gathered, problems, changes)

    def _finish(
        self,
        rows: _Rows,
        gathered: Gathered,
        problems: dict[int, tuple[str, str]],
        changes: list[Change | None] | None,
    ) -> Decoded:
        arrays, errors = self.row.columns(rows.images)
        wrong = {i: ("format.type-mismatch", text) for i, text in errors.items()}
        kinds = np.array(rows.kinds, np.int8)
        arrays, unavailable = filled(self.physical, arrays, kinds)
        wrong |= unavailable | null_errors(self.physical, self.required, arrays)
        by_name = dict(zip(self.physical.names, arrays, strict=True))
        for name, read in self.metadata.items():
            by_name[name] = read(rows.events)
        columns = [
            by_name[c.name] if c.name in by_name else pa.nulls(len(rows.images), c.type.arrow())
            for c in self.schema.columns
        ]
        batch = pa.RecordBatch.from_arrays(columns, schema=self.schema.arrow())
        found = gathered.regrouped(np.array(rows.origin, np.int32))
        for index, problem in problems.items():
            if self.rules.ignore_errors:
                found.skip_unless_rows(index)
            else:
                found.reject(index, *problem)
        return settle(found, batch, wrong, pa.array(kinds), changes)

    def _slow(self, node: Any) -> Any:
        outer = _object(node, "the message")
        if not self.schema_include:
            return self._event(outer, outer)
        if "payload" not in outer:
            raise MismatchError(
                "there is no `payload`; set 'debezium-json.schema-include' = 'false'"
            )
        event = self._event(_object(outer["payload"], "`payload`"), outer)
        values = {"payload": event}
        if self.metadata:
            values["schema"] = _raw(outer.get("schema"))
        return self.message(**values)

    def _event(self, members: dict[str, Any], outer: dict[str, Any]) -> Any:
        operation = members.get("op")
        if operation is None:
            hint = "; set 'debezium-json.schema-include' = 'true'" if "payload" in members else ""
            raise MismatchError(f"there is no `op`{hint}")
        values: dict[str, Any] = {"op": nodes.scalar_text(operation)}
        for image in ("before", "after"):
            try:
                values[image] = self.row.take(members.get(image))
            except MismatchError as error:
                raise MismatchError(f"`{image}`: {error}") from None
        source = members.get("source")
        if self.metadata:
            time = members.get("ts_ms")
            values["ts_ms"] = int(time) if isinstance(time, nodes.IntText) else None
            values["schema"] = _raw(outer.get("schema"))
            values["source"] = _raw(source)
        else:
            values["source"] = _raw(source) if source is not None else None
        return self.event(**values)


def _expand(event: Any, outer: Any, index: int, rows: _Rows) -> tuple[str, str] | None:
    """Add the rows of one event, or say what is wrong with it."""
    operation, before, after = event.op, event.before, event.after
    if operation not in _OPERATIONS:
        return "format.unknown-op", f"`op` is {operation!r:.40}, not one of c, r, u, d"
    if operation in ("u", "d") and before is None:
        name = "an update" if operation == "u" else "a delete"
        return "format.before-missing", _IDENTITY.format(name)
    if operation != "d" and after is None:
        return (
            "format.after-missing",
            f"the `after` image of an event with `op` {operation} is null",
        )
    if operation == "d":
        rows.add(before, RowKind.DELETE, outer, index)
    elif operation == "u":
        rows.add(before, RowKind.UPDATE_BEFORE, outer, index)
        rows.add(after, RowKind.UPDATE_AFTER, outer, index)
    else:
        rows.add(after, RowKind.INSERT, outer, index)
    return None


def _object(node: Any, name: str) -> dict[str, Any]:
    if not isinstance(node, nodes.Fields):
        raise MismatchError(f"{name} is {shown_kind(node)}, not an object")
    return dict(node)


def _raw(node: Any) -> msgspec.Raw:
    return msgspec.Raw(nodes.tree_text(node, decimals=True).encode("utf-8", "replace"))
