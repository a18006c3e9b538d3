"""Bytes to Arrow rows and back.

A format is the same for every connector and knows none of them. Its rules are those of Flink's
format of the same name; where Flink fails the job on a bad row, the decoder sets the row aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, overload, runtime_checkable

import pyarrow as pa

from tidemill.interfaces.options import OptionSet, OptionValues
from tidemill.model import Batch, Schema
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Reject:
    """A message that could not be decoded: its index, a declared error code, and why."""

    index: int
    code: str
    message: str


class Change(NamedTuple):
    """Where a change stands in the log of the database it comes from.

    Within one `history` (one capture of one database), (`commit`, `change`) never falls as the
    changes come; several changes may share it. `timestamp_ms` is the database's time of the
    commit. A `snapshot` change stands outside the log: it is a row as found.
    """

    history: str
    commit: int
    change: int
    timestamp_ms: int
    operation: str
    snapshot: bool


@dataclass(frozen=True, slots=True)
class ChangeColumns(Sequence[Change | None]):
    """The places of many changes as Arrow columns, by name those of `Change`; NULLs for None."""

    columns: pa.RecordBatch

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    @overload
    def __getitem__(self, index: int) -> Change | None: ...
    @overload
    def __getitem__(self, index: slice) -> list[Change | None]: ...
    def __getitem__(self, index: int | slice) -> Change | None | list[Change | None]:
        if isinstance(index, slice):
            return list(self)[index]
        place = [column[index].as_py() for column in self.columns.columns]
        return None if place[0] is None else Change(*place)

    def __iter__(self) -> Iterator[Change | None]:
        places = zip(*(column.to_pylist() for column in self.columns.columns), strict=True)
        return (None if place[0] is None else Change(*place) for place in places)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a sequence of messages became.

    `rows` has the schema's columns in order. `kinds` as in `Batch`. `origin` maps each row to the
    index of its message, ascending (one message may give no row, one, or two: an update is -U and
    +U); None stands for the identity: each message gave exactly one row. `skipped` counts messages
    that mean no row and are no error (a tombstone of a changelog).
    """

    rows: pa.RecordBatch
    kinds: pa.Int8Array | None = None
    origin: pa.Int32Array | None = None
    rejects: tuple[Reject, ...] = ()
    skipped: int = 0
    changes: Sequence[Change | None] | None = None


class Decoder(Protocol):
    """Decodes the messages of one table. Stateless between calls; used from one thread."""

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """Decode the messages; never raises for bad input of any kind, at any size.

        `len(messages)` = messages that gave rows + rejects + skipped.
        """
        ...


@runtime_checkable
class ColumnDecoder(Decoder, Protocol):
    """A decoder that can take the messages as a column, without a Python object for each."""

    def decode_column(self, messages: pa.BinaryArray) -> Decoded:
        """As `decode` of the column's values."""
        ...


class Encoder(Protocol):
    """Encodes the rows of one table. Stateless between calls; used from one thread."""

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One message per row, null for a tombstone.

        Raises ConnectorError only for a kind of row the format cannot carry, which the plan has
        already refused.
        """
        ...


@dataclass(frozen=True, slots=True)
class FormatFactory:
    """How a format is registered.

    `options` are declared without the format's prefix (`ignore-parse-errors`, not
    `json.ignore-parse-errors`); the connector strips it. `changelog` says whether the format
    carries row kinds (debezium-json does, json does not). `metadata` names the metadata keys that
    the format itself offers, with their types. A format may lack a decoder or an encoder.

    `decoder(schema, options, columns_needed)` and `encoder(schema, options)` make the objects;
    columns not in `columns_needed` (None: all) may be left NULL. `by_name` says whether, with
    these options, the decoder finds the fields of a ROW by their names and passes over others, so
    that a schema may leave some out.
    """

    name: str
    options: OptionSet
    changelog: bool
    decoder: Callable[[Schema, OptionValues, frozenset[str] | None], Decoder] | None = None
    encoder: Callable[[Schema, OptionValues], Encoder] | None = None
    metadata: Mapping[str, str] | None = None
    by_name: Callable[[OptionValues], bool] | None = None
