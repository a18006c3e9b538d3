"""The state that the statements of a file change, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tidemill.errors import Span, SqlError
from tidemill.interfaces.connector import Connector
from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.python_function import FunctionLoader
from tidemill.sql.catalog import BrokenNameError, Catalog, FullName
from tidemill.sql.logical import Insert, Select
from tidemill.sql.syntax.nodes import Path
from tidemill.sql.text import SourceText


@dataclass(slots=True)
class Session:
    """What a file has declared so far. `statement_set` is where an open BEGIN stands.

    `variables` None leaves `${...}` in option values as it stands. `functions` None: there are no
    Python functions to be had.
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

    def declared(self, path: Path, name: FullName, if_not_exists: bool) -> bool:
        """Whether a declaration has nothing to do; SqlError where the name is taken."""
        if name not in self.catalog.entries:
            return False
        if if_not_exists:
            return True
        raise self.source.error(
            "table-exists",
            f"a table or view `{path}` is there already",
            path.span,
            hint="Use another name, DROP the other one before, or write IF NOT EXISTS.",
        )

    def note(self, text: str) -> None:
        """Remember a sentence for the user, once."""
        if text not in self.notes:
            self.notes.append(text)
