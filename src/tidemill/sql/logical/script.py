"""A bound file: what is to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from tidemill.errors import TextWhere
from tidemill.interfaces.python_function import PythonFunction
from tidemill.model import Schema, TableDescriptor
from tidemill.records import dataclass
from tidemill.sql.listing import Listing
from tidemill.sql.logical.node import LogicalNode


@dataclass(frozen=True, slots=True, eq=False)
class Insert:
    """INSERT INTO: the query's fields are already cast to the sink's columns, in their order.

    `sink.schema` holds the columns that are written (physical and non-virtual metadata).
    """

    query: LogicalNode
    sink: TableDescriptor
    where: TextWhere | None = None
    collects: bool = False
    """Whether this is a SELECT whose rows are collected like those of a table."""


@dataclass(frozen=True, slots=True, eq=False)
class Select:
    """A bare SELECT whose rows go to the caller; `schema` names and types its columns."""

    query: LogicalNode
    schema: Schema
    where: TextWhere | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A whole bound file: what is to run, together, as one job.

    `settings` are the SET values (known and harmless ones only); `notes` say what was taken and
    ignored, in sentences. `selects` is empty in a pipeline file; in the shell the last statement
    may be one.
    `tables` are all tables that the file declares, by name; `functions` its Python functions and
    models, dropped ones left out. `listings` answer its SHOW and DESCRIBE statements; `created` are
    the full names of the tables that CREATE TABLE ... AS made; `catalogs` are the options of its
    catalogs, by name.
    """

    file: str
    text: str
    inserts: tuple[Insert, ...]
    selects: tuple[Select, ...]
    settings: Mapping[str, str]
    tables: Mapping[str, TableDescriptor]
    notes: tuple[str, ...] = field(default=())
    functions: tuple[PythonFunction, ...] = field(default=())
    listings: tuple[Listing, ...] = field(default=())
    created: tuple[tuple[str, str, str], ...] = field(default=())
    catalogs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
