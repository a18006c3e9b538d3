"""JSON messages to Arrow rows.

Two paths, one result: msgspec decodes each message into a generated struct of the needed columns;
a message that it refuses is parsed again by Flink's lenient rules. Differences from Flink: fields
that no column needs are not looked at beyond their brackets; of a repeated field the last value
counts (Flink's result depends on the number of columns); where a field holds an object and its
column is a scalar, the message is rejected (or with `ignore-parse-errors` the field is NULL),
while Flink goes astray in the object's members; NULL in a NOT NULL column is rejected.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from tidemill.formats.json import nodes
from tidemill.formats.json.codec import MismatchError
from tidemill.formats.json.gathered import Gathered
from tidemill.formats.json.nested import RowCodec, shown_kind
from tidemill.formats.json.options import DecodeRules
from tidemill.interfaces.format import Change, Decoded
from tidemill.model import DataType, Schema, TypeRoot
from tidemill.model.types import Field

_REFUSALS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError, ValueError)


def row_type(schema: Schema) -> DataType:
    """The schema's columns as a ROW."""
    return DataType(TypeRoot.ROW, fields=tuple(Field(c.name, c.type) for c in schema.columns))


def gather(
    messages: Sequence[bytes | None],
    fast: Callable[[Any], Any],
    slow: Callable[[Any], Any],
    ignore_errors: bool,
) -> Gathered:
    """Take all messages: `fast` where it works, else `slow` on the parsed tree."""
    gathered = Gathered()
    rows = gathered.rows
    rest = iter(messages)
    taken, total = 0, len(messages)
    while taken < total:
        before = len(rows)
        with contextlib.suppress(*_REFUSALS):
            rows.extend(map(fast, rest))
        done = len(rows) - before
        gathered.run(taken, done)
        taken += done
        if taken < total:
            _take_slowly(gathered, taken, messages[taken], slow, ignore_errors)
            taken += 1
    return gathered


def _take_slowly(
    gathered: Gathered,
    index: int,
    message: bytes | None,
    slow: Callable[[Any], Any],
    ignore_errors: bool,
) -> None:
    if not message:
        gathered.skip()
        return
    code = "format.malformed"
    try:
        node = nodes.parse(message)
        code = "format.type-mismatch"
        if not nodes.is_container(node):
            raise MismatchError(f"{shown_kind(node)} where an object is expected")
        items = [node] if isinstance(node, nodes.Fields) else node
        found = _convert_items(items, slow, ignore_errors)
    except RecursionError:
        error: Exception = ValueError("nested too deeply")
    except ValueError as refusal:
        error = refusal
    else:
        if found:
            gathered.rows.extend(found)
            gathered.one(index, len(found))
        else:
            gathered.skip()
        return
    if ignore_errors:
        gathered.skip()
        return
    missing = isinstance(error, MismatchError) and str(error).endswith("is missing")
    gathered.reject(index, "format.missing-field" if missing else code, str(error))


def _convert_items(
    items: Sequence[Any], slow: Callable[[Any], Any], ignore_errors: bool
) -> list[Any]:
    """The rows of the objects of one message; a null among them is none."""
    found: list[Any] = []
    for item in items:
        try:
            if item is not None:
                found.append(slow(item))
        except ValueError:
            if not ignore_errors:
                raise
    return found


class JsonDecoder:
    """Decodes the messages of one table; see the module."""

    def __init__(self, schema: Schema, rules: DecodeRules, needed: frozenset[str] | None) -> None:
        self.rules = rules
        self.schema = schema
        self.arrow_schema = schema.arrow()
        wanted = [needed is None or name in needed for name in schema.names]
        self.row = RowCodec(row_type(schema), rules, wanted)
        self.required = [
            i for i, column in enumerate(schema.columns) if wanted[i] and not column.type.nullable
        ]
        self._fast = msgspec.json.Decoder(self.row.carrier).decode

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """Decode the messages; see `Decoder`."""
        gathered = gather(messages, self._fast, self.row.convert, self.rules.ignore_errors)
        arrays, errors = self.row.columns(gathered.rows)
        wrong = {index: ("format.type-mismatch", text) for index, text in errors.items()}
        wrong |= null_errors(self.schema, self.required, arrays)
        batch = pa.RecordBatch.from_arrays(arrays, schema=self.arrow_schema)
        if gathered.plain and not wrong:
            return Decoded(batch)
        return settle(gathered, batch, wrong)


def null_errors(
    schema: Schema, required: Sequence[int], arrays: Sequence[pa.Array]
) -> dict[int, tuple[str, str]]:
    """The rows that have NULL in a NOT NULL column."""
    wrong: dict[int, tuple[str, str]] = {}
    for position in required:
        if arrays[position].null_count:
            text = f"column `{schema.columns[position].name}` is NOT NULL and the field is null"
            nulls = np.flatnonzero(arrays[position].is_null().to_numpy(zero_copy_only=False))
            for index in nulls.tolist():
                wrong.setdefault(index, ("format.null-in-not-null", text))
    return wrong


def settle(
    gathered: Gathered,
    batch: pa.RecordBatch,
    wrong: dict[int, tuple[str, str]],
    kinds: pa.Int8Array | None = None,
    changes: Sequence[Change | None] | None = None,
) -> Decoded:
    """Take the rows of bad messages out and put the result together."""
    origin = gathered.origin()
    for row, (code, text) in wrong.items():
        gathered.reject(int(origin[row]), code, text)
    if gathered.rejects and len(origin):
        bad = np.fromiter(gathered.rejects, np.int32, len(gathered.rejects))
        keep = pa.array(~np.isin(origin, bad))
        batch = batch.filter(keep)
        kinds = kinds.filter(keep) if kinds is not None else None
        origin = origin[keep.to_numpy(zero_copy_only=False)]
    return Decoded(
        rows=batch,
        kinds=kinds,
        origin=pa.array(origin, pa.int32()),
        rejects=tuple(gathered.rejects[index] for index in sorted(gathered.rejects)),
        skipped=gathered.skipped,
        changes=changes,
    )
