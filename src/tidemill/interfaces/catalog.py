"""What a connector implements to be a catalog: a server whose tables can be used by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from tidemill.model.schema import Column
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class CatalogTable:
    """One table of a server: its columns, its key, and the WITH clause that opens it."""

    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    options: Mapping[str, str]


class TableCatalog(Protocol):
    """The tables of a server as it has them when it is asked.

    Nothing is opened before the first question, and nothing stays open behind an answer. Failure:
    ConnectorError.
    """

    def databases(self) -> Sequence[str]:
        """The names of its databases."""
        ...

    def tables(self, database: str) -> Sequence[str]:
        """The names of a database's tables, as `table` or `schema.table`."""
        ...

    def table(self, database: str, name: str) -> CatalogTable | None:
        """One table, if it is there."""
        ...

    def new_table(self, database: str, name: str) -> Mapping[str, str] | None:
        """The WITH clause of a table that CREATE TABLE declares here; None: it cannot."""
        ...
