"""Columns, schemas, and the description of a table that a connector is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

import pyarrow as pa

from tidemill.model.types import DataType
from tidemill.records import dataclass


class ColumnKind(Enum):
    """How a column of a CREATE TABLE gets its value."""

    PHYSICAL = "physical"
    METADATA = "metadata"
    COMPUTED = "computed"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    A METADATA column has `metadata_key` (the key in the connector, by default the column's name)
    and `virtual` (not written by a sink). A COMPUTED column's expression lives in the SQL room.
    """

    name: str
    type: DataType
    kind: ColumnKind = ColumnKind.PHYSICAL
    metadata_key: str | None = None
    virtual: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """An ordered tuple of columns with unique names."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(column.name for column in self.columns)

    def arrow(self) -> pa.Schema:
        """The Arrow schema of the columns, in order."""
        return pa.schema([pa.field(c.name, c.type.arrow(), c.type.nullable) for c in self.columns])

    def physical(self) -> Schema:
        """Only the physical columns."""
        return Schema(tuple(c for c in self.columns if c.kind is ColumnKind.PHYSICAL))

    def metadata(self) -> Schema:
        """Only the metadata columns."""
        return Schema(tuple(c for c in self.columns if c.kind is ColumnKind.METADATA))


@dataclass(frozen=True, slots=True)
class TableDescriptor:
    """A table as its connector sees it.

    `schema` holds the physical and metadata columns only (computed ones are the plan's work), in
    the order of the declaration. `options` is the WITH clause as written, secrets resolved.
    `columns_needed` names the columns that the plan reads (None: all); a source may skip decoding
    the others but must still deliver them as NULL columns of the right type. `read_as` names
    columns of ROWs of which the plan reads only some fields, with the type that has these: a source
    may deliver either. `history` is the table that is read to its end first, where the options name
    one.
    """

    name: str
    schema: Schema
    options: Mapping[str, str]
    primary_key: tuple[str, ...] = ()
    partition_keys: tuple[str, ...] = ()
    columns_needed: frozenset[str] | None = None
    read_as: Mapping[str, DataType] = field(default_factory=dict, hash=False)
    comment: str | None = field(default=None, compare=False)
    history: TableDescriptor | None = None
