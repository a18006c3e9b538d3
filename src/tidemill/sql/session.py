"""The state that the statements of a file change, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field

from tidemill.errors import Span, SqlError
from tidemill.interfaces.connector import Connector
from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.python_function import FunctionLoader
from tidemill.records import dataclass
from tidemill.sql.catalog import BrokenNameError, Catalog, FullName
from tidemill.sql.listing import Listing
from tidemill.sql.logical import Insert, Select
from tidemill.sql.syntax.nodes import Path
from tidemill.sql.text import SourceText


@dataclass(slots=True)
class Session:
    """What a file has declared so far. `statement_set` is where an open BEGIN stands.

    `variables` None leaves `${...}` in option values as it stands; `reveal` gives the plain value
    of an option that is needed before the job runs, as a catalog's password is. `functions` None:
    there are no Python functions to be had.
    """

    source: SourceText
    connectors: Mapping[str, Connector]
    formats: Mapping[str, FormatFactory]
    variables: Mapping[str, str] | None = None
    catalog: Catalog = field(default_factory=Catalog)
    settings: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    inserts: list[Insert] = field(default_factory=list)
    selects: list[Select] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    created: list[FullName] = field(default_factory=list)
    reveal: Callable[[str], str] = field(default=lambda text: text)
    statement_set: Span | None = None
    inserts_before_set: int = 0
    errors: int = 0
    functions: FunctionLoader | None = None

    @contextmanager
    def poisoning(self, name: FullName) -> Iterator[None]:
        """Remember the name as broken where its declaration is refused."""
        try:
            yield
        except (SqlError, BrokenNameError):
            if name not in self.catalog.entries:
                self.catalog.broken.add(name)
            raise
        self.catalog.broken.discard(name)

    def declared(
        self, path: Path, name: FullName, if_not_exists: bool, replaces: bool = False
    ) -> bool:
        """Whether a declaration has nothing to do; SqlError where the name is taken."""
        if self.catalog.entry(name, path) is None:
            return False
        if if_not_exists:
            return True
        hint = "Use another name, DROP the other one before, or write IF NOT EXISTS."
        if replaces:
            hint = "Flink replaces a table by CREATE OR REPLACE TABLE ... AS only; DROP it before."
        raise self.source.error(
            "table-exists", f"a table or view `{path}` is there already", path.span, hint=hint
        )

    def refuse_on_server(self, path: Path, name: FullName, temporary: bool) -> None:
        """SqlError where a statement would change what a server's catalog holds."""
        if temporary or self.catalog.catalogs[name[0]].server is None:
            return
        raise self.source.error(
            "not-supported",
            f"the catalog `{name[0]}` is a server's own, and Flink SQL cannot change it",
            path.span,
            hint="Change it on the server, or declare a TEMPORARY table or view.",
        )

    def note(self, text: str) -> None:
        """Remember a sentence for the user, once."""
        if text not in self.notes:
            self.notes.append(text)
