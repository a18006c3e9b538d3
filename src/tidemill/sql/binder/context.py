"""What every part of the binder needs: the text for errors, the catalog, the functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TypeAlias

from tidemill.errors import Span, SqlError
from tidemill.interfaces.python_function import PythonFunction
from tidemill.records import dataclass
from tidemill.sql.catalog import BrokenNameError, Catalog, Table
from tidemill.sql.functions.registry import AggregateTable, FunctionTable
from tidemill.sql.logical import LogicalNode
from tidemill.sql.syntax.nodes import QueryHint, StringLiteral
from tidemill.sql.text import SourceText

OptionPairs: TypeAlias = "tuple[tuple[StringLiteral, StringLiteral], ...]"


@dataclass(frozen=True, slots=True)
class BindContext:
    """The surroundings of one query.

    `with_options` gives a table with the options of a hint put in; `common_tables` are the names of
    WITH that can be seen; `hints` are those of the query at hand; `note` takes a sentence for the
    user.
    """

    source: SourceText
    catalog: Catalog
    scalars: FunctionTable
    aggregates: AggregateTable
    aliases: Mapping[str, str]
    with_options: Callable[[Table, OptionPairs], Table]
    common_tables: Mapping[str, LogicalNode] = field(default_factory=dict)
    hints: tuple[QueryHint, ...] = ()
    note: Callable[[str], None] = lambda _: None

    def function_name(self, written: str) -> str:
        """The canonical name of a function as written."""
        name = written.upper()
        return self.aliases.get(name, name)

    def user_function(self, written: str) -> PythonFunction | None:
        """The Python function that a name means: temporary system ones, built-in ones, others."""
        key, functions = written.lower(), self.catalog.functions
        if key in functions.system:
            return functions.system[key]
        name = self.function_name(written)
        if name in self.scalars or name in self.aggregates:
            return None
        full = (*self.catalog.current, key)
        if full in functions.broken:
            raise BrokenNameError
        return functions.plain.get(full)

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        hint: str | None = None,
        detail: str | None = None,
    ) -> SqlError:
        """An error that points at a span."""
        return self.source.error(code, message, span, hint=hint, detail=detail)

    def unsupported(self, what: str, span: Span, hint: str | None = None) -> SqlError:
        """The refusal of a construct by its name."""
        return self.error("not-supported", f"{what} is not supported yet", span, hint=hint)
