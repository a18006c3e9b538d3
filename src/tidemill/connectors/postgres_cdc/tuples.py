"""Messages of `pgoutput` to texts per column, many at once.

Source: PostgreSQL's documentation, "Logical Replication Message Formats", version 1. The messages
lie in one buffer; the columns of all rows are found side by side with numpy, so that no Python runs
per value. A column's text is NULL, a value, or left out by the server because it is large and did
not change (TOAST): then it is taken from the row before, where the message has it whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.records import dataclass

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_INSERT, _UPDATE, _DELETE = b"IUD"
_WHOLE, _KEY = b"OK"
_TEXT, _UNCHANGED = b"tu"
_PADDING = b"\0" * 8


@dataclass(frozen=True, slots=True)
class Images:
    """Rows before or after the changes; per row and column where its text stands."""

    starts: Ints
    sizes: Ints
    states: npt.NDArray[np.uint8]

    def missing(self, column: int) -> Mask:
        """Rows whose text the server left out."""
        return np.equal(self.states[:, column], _UNCHANGED)


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of one table, in their order; masks and indexes are per message."""

    buffer: npt.NDArray[np.uint8]
    insert: Mask
    update: Mask
    delete: Mask
    old_at: Ints
    """The row of `old` that belongs to the message, -1 for none."""
    new_at: Ints
    whole: Mask
    """Whether the row before is there with all columns."""
    old: Images
    new: Images

    def __len__(self) -> int:
        return len(self.insert)

    def texts(self, column: int, old: Ints, new: Ints, places: tuple[Ints, Ints]) -> pa.Array:
        """A column of chosen rows of `old` and `new`, put at the given places of the result."""
        count = len(old) + len(new)
        starts, sizes = np.zeros(count, np.int64), np.zeros(count, np.int64)
        valid = np.zeros(count, np.bool_)
        for images, rows, at in ((self.old, old, places[0]), (self.new, new, places[1])):
            starts[at], sizes[at] = images.starts[rows, column], images.sizes[rows, column]
            valid[at] = np.equal(images.states[rows, column], _TEXT)
        return _gather(self.buffer, starts, np.where(valid, sizes, 0), valid)

    def key_changed(self, key: Sequence[int]) -> Mask:
        """Updates whose key before and after differ."""
        changed = np.zeros(len(self), np.bool_)
        rows = np.flatnonzero(self.update & (self.old_at >= 0))
        if not len(rows):
            return changed
        nothing = np.empty(0, np.int64)
        places = (np.arange(len(rows)), nothing)
        for column in key:
            before = self.texts(column, self.old_at[rows], nothing, places)
            after = self.texts(column, nothing, self.new_at[rows], places[::-1])
            differ: Any = pc.not_equal(before, after)
            changed[rows] |= differ.fill_null(False).to_numpy(zero_copy_only=False)
        return changed


def read_changes(messages: Sequence[bytes], columns: int) -> Changes:
    """Take the messages apart; each is an insert, update or delete of a table of `columns`."""
    lengths = np.array([len(message) for message in messages], np.int64)
    begin = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)[:-1]])
    buffer = np.frombuffer(b"".join([*messages, _PADDING]), np.uint8)
    kind, has = buffer[begin], buffer[begin + 5]
    old_rows = np.flatnonzero(np.equal(has, _WHOLE) | np.equal(has, _KEY))
    old, ends = _walk(buffer, begin[old_rows] + 6, columns)
    after = begin + 6
    after[old_rows] = ends + 1
    new_rows = np.flatnonzero(np.not_equal(kind, _DELETE))
    new, _ = _walk(buffer, after[new_rows], columns)
    made = Changes(
        buffer, np.equal(kind, _INSERT), np.equal(kind, _UPDATE), np.equal(kind, _DELETE),
        _ranks(old_rows, len(messages)), _ranks(new_rows, len(messages)),
        np.equal(has, _WHOLE), old, new,
    )  # fmt: skip
    _fill(made)
    return made


def _walk(buffer: npt.NDArray[np.uint8], at: Ints, columns: int) -> tuple[Images, Ints]:
    """Go through one tuple per row, all rows at once, column by column."""
    at = at + 2
    starts = np.zeros((len(at), columns), np.int64)
    sizes = np.zeros((len(at), columns), np.int64)
    states = np.zeros((len(at), columns), np.uint8)
    for column in range(columns):
        states[:, column] = state = buffer[at]
        text = np.equal(state, _TEXT)
        size = np.zeros(len(at), np.int64)
        for shift in range(4):
            size = size << 8 | buffer[at + 1 + shift]
        starts[:, column], sizes[:, column] = at + 5, size
        at = at + 1 + np.where(text, 4 + size, 0)
    return Images(starts, sizes, states), at


def _fill(changes: Changes) -> None:
    """Give rows after a change what the server left out, from the whole row before."""
    rows = np.flatnonzero(changes.update & changes.whole)
    before, after = changes.old_at[rows], changes.new_at[rows]
    out = np.equal(changes.new.states[after], _UNCHANGED)
    old, new = changes.old, changes.new
    for into, of in ((new.starts, old.starts), (new.sizes, old.sizes)):
        into[after] = np.where(out, of[before], into[after])
    new.states[after] = np.where(out, old.states[before], new.states[after])


def _ranks(rows: Ints, count: int) -> Ints:
    ranks = np.full(count, -1, np.int64)
    ranks[rows] = np.arange(len(rows))
    return ranks


def _gather(buffer: npt.NDArray[np.uint8], starts: Ints, sizes: Ints, valid: Mask) -> pa.Array:
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    total = int(offsets[-1])
    data = buffer[np.repeat(starts - offsets[:-1], sizes) + np.arange(total)]
    bitmap = np.packbits(valid, bitorder="little")
    return pa.LargeStringArray.from_buffers(
        len(valid), pa.py_buffer(offsets), pa.py_buffer(data), pa.py_buffer(bitmap)
    )
