"""The changes of one read as rows with kinds, by the changelog mode of the table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tidemill.connectors.postgres_cdc.stream import Taken
from tidemill.connectors.postgres_cdc.tuples import Changes, Ints, Mask, read_changes
from tidemill.connectors.postgres_cdc.values import typed
from tidemill.model import Column, RowKind
from tidemill.records import dataclass


class RowBeforeMissingError(Exception):
    """An update or delete does not hold the whole row before it."""


class UnchangedValueError(Exception):
    """A large value that did not change is not in the log; the column's name."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in their order; `message_of` is the index of each one's change."""

    columns: Mapping[str, pa.Array]
    kinds: npt.NDArray[np.int8]
    message_of: Ints
    bad: Mapping[int, str]
    """Changes with a value that does not fit its column, and why: they have no row."""
    shown: Mapping[int, bytes]
    """Their texts, as JSON."""


class Expander:
    """Makes rows of the changes of one description of the table."""

    def __init__(
        self, taken: Taken, columns: Sequence[Column], key: Sequence[str], upsert: bool
    ) -> None:
        assert taken.relation is not None
        self._at = {name: i for i, (name, _) in enumerate(taken.relation.columns)}
        self._columns = columns
        self._key = [self._at[name] for name in key if name in self._at]
        self._upsert = upsert
        self.changes = read_changes(taken.messages, len(self._at))
        changed = self.changes.key_changed(self._key)
        self.before, self.after = self._images(self.changes, changed)
        self.kind_before = np.where(
            self.changes.update & ~changed, RowKind.UPDATE_BEFORE, RowKind.DELETE
        ).astype(np.int8)
        self.kind_after = np.where(
            self.changes.update & ~changed, RowKind.UPDATE_AFTER, RowKind.INSERT
        ).astype(np.int8)

    def _images(self, changes: Changes, changed: Mask) -> tuple[Mask, Mask]:
        """For each change, whether the row before it and the row after it come out."""
        whole = changes.whole
        if self._upsert:
            return changes.delete | changed, changes.insert | changes.update
        if np.any((changes.update | changes.delete) & ~whole):
            raise RowBeforeMissingError
        return changes.update | changes.delete, changes.insert | changes.update

    def keys(self, names: Sequence[str]) -> tuple[list[list[str | None]], Ints]:
        """A list per key column of all rows before, then of all rows after; and their changes."""
        before, after = np.flatnonzero(self.before), np.flatnonzero(self.after)
        places = (np.arange(len(before)), len(before) + np.arange(len(after)))
        old, new = self.changes.old_at[before], self.changes.new_at[after]
        at = [self._at[name] for name in names]
        texts = [self.changes.texts(c, old, new, places).to_pylist() for c in at]
        return texts, np.concatenate([before, after])

    def leave_out(self, held: Mask) -> None:
        """Rows, in the order of `keys`, that are known already."""
        before = np.flatnonzero(self.before)
        self.after[np.flatnonzero(self.after)[held[len(before) :]]] = False
        self.before[before[held[: len(before)]]] = False

    def rows(self) -> Rows:
        """All rows; raises UnchangedValueError where a value is not there."""
        counts = self.before.astype(np.int64) + self.after
        first = np.cumsum(counts) - counts
        before, after = np.flatnonzero(self.before), np.flatnonzero(self.after)
        places = (first[before], first[after] + self.before[after])
        message_of = np.repeat(np.arange(len(counts)), counts)
        kinds = np.zeros(len(message_of), np.int8)
        kinds[places[0]], kinds[places[1]] = self.kind_before[before], self.kind_after[after]
        old, new = self.changes.old_at[before], self.changes.new_at[after]
        texts: dict[str, pa.Array] = {}
        for column in self._columns:
            at = self._at.get(column.name)
            if at is None:  # dropped, and the reading went on
                texts[column.name] = pa.nulls(len(message_of), pa.large_string())
                continue
            if np.any(self.changes.new.missing(at)[new]):
                raise UnchangedValueError(column.name)
            texts[column.name] = self.changes.texts(at, old, new, places)
        return _typed(texts, self._columns, kinds, message_of)


def _typed(
    texts: dict[str, pa.Array], columns: Sequence[Column], kinds: Any, message_of: Ints
) -> Rows:
    arrays: dict[str, pa.Array] = {}
    bad: dict[int, str] = {}
    shown: dict[int, bytes] = {}
    for column in columns:
        arrays[column.name], wrong = typed(texts[column.name], column.type)
        for row, why in wrong.items():
            message = int(message_of[row])
            bad.setdefault(message, f"`{column.name}`: {why}")
            shown.setdefault(message, _json(texts, row))
    if bad:
        keep = np.flatnonzero(~np.isin(message_of, list(bad)))
        arrays = {name: array.take(pa.array(keep)) for name, array in arrays.items()}
        kinds, message_of = kinds[keep], message_of[keep]
    return Rows(arrays, kinds, message_of, bad, shown)


def _json(texts: Mapping[str, pa.Array], row: int) -> bytes:
    return json.dumps(
        {name: array[row].as_py() for name, array in texts.items()}, ensure_ascii=False
    ).encode()
