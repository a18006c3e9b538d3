"""A session: a project, the tables that were declared, and what is asked of them."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidemill.api.arrow_input import as_table, declare
from tidemill.api.expressions import interval
from tidemill.api.live_display import EVERY_S, Standing, show_rows
from tidemill.api.pipeline import Pipeline
from tidemill.api.query import Query
from tidemill.api.result import Result
from tidemill.api.streaming import Collector, batches, ticking
from tidemill.control.project_context import open_project
from tidemill.control.sql_shell import ResultHead, SqlShell
from tidemill.control.sql_text import split_statements
from tidemill.errors import UserError
from tidemill.sql.syntax.normal import quoted, string

if TYPE_CHECKING:
    from tidemill.sql.listing import Listing


class Session:
    """Declarations and queries on the embedded engine.

    Args:
        project: the folder of a project, whose servers, variables and secrets its texts may refer
            to; by default the current folder's, or none.
        variables: values for `${var:...}`.

    A session is not for several threads at once.
    """

    def __init__(
        self, project: str | Path | None = None, *, variables: Mapping[str, str] | None = None
    ) -> None:
        folder = None if project is None else Path(project)
        self.project = open_project(folder, needed=project is not None)
        self.variables = dict(variables or {})
        self._shell = SqlShell(self.project, self.variables)
        self._files: Path | None = None

    @property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """The declared tables with their columns."""
        return self._shell.tables

    def sql(self, text: str) -> Result:
        """Run statements one after the other; the rows of the last one that gives any.

        A declaration is remembered, an INSERT runs to the end of its input, a SELECT gives rows.
        Without any rows the result is empty.
        """
        result = Result(pa.table({}))
        for statement in split_statements(text):
            collector = Collector()
            outcome = self._shell.execute(statement, collector.watcher())
            if outcome.text is not None:
                result = Result(pa.table({"plan": outcome.text.splitlines()}))
            elif collector.listing is not None:
                result = _listed(collector.listing)
            elif collector.head is not None:
                result = collector.result()
        return result

    def query(self, text: str) -> Result:
        """The rows of one SELECT, run to the end of its input (or until SIGINT)."""
        collector = Collector()
        self._shell.execute(text, collector.watcher())
        if collector.head is None:
            raise UserError(
                "the text is no query", code="api.no-rows", hint="Give one SELECT statement."
            )
        return collector.result()

    def stream(self, text: str) -> Iterator[Result]:
        """The rows of one SELECT in batches, while they come; closing the iterator stops it.

        A slow reader slows the engine down: nothing is dropped, and memory stays flat.
        """
        return batches(self._shell, text)

    def live(self, text: str, *, seconds: float | None = None, every_s: float = EVERY_S) -> None:
        """Show a SELECT in a notebook while it runs; its rows as they stand, drawn anew.

        Args:
            text: the query.
            seconds: stop it after so long; by default when its input ends or the kernel is
                interrupted.
            every_s: how often to draw.
        """
        made: list[Standing] = []

        def begun(head: ResultHead) -> None:
            names = list(head.reader.names)
            fields = [f.with_name(n) for f, n in zip(head.schema.arrow(), names, strict=True)]
            made.append(
                Standing(
                    pa.schema(fields),
                    appends=not head.changelog.updates,
                    upsert=head.changelog.upsert,
                )
            )

        shown = ticking(self._shell, text, begun, every_s)
        show_rows(shown, lambda: made[0] if made else None, every_s, seconds)

    def explain(self, text: str) -> str:
        """The plan of one statement as text."""
        return self._shell.execute(f"EXPLAIN {text}", Collector().watcher()).text or ""

    def table(
        self,
        name: str,
        data: Any = None,
        *,
        time: str | None = None,
        delay: dt.timedelta = dt.timedelta(0),
    ) -> Query:
        """A query over a table; with `data`, over a new table of these rows.

        Args:
            name: the table's name.
            data: Arrow, Polars or pandas data, or a list of dicts; columns keep their types.
            time: the event-time column of `data`, for windows and joins over time.
            delay: how late its rows may come.
        """
        if data is not None:
            folder = self._folder()
            statement = declare(name, as_table(data), folder, time, interval(delay))
            self._shell.execute(f"DROP TABLE IF EXISTS {quoted(name)}", Collector().watcher())
            self._shell.execute(statement, Collector().watcher())
        return Query(self, name)

    def function(self, name: str, path: str) -> None:
        """Declare a Python function of a module: `function("shout", "functions.shout")`."""
        text = f"CREATE TEMPORARY FUNCTION {quoted(name)} AS {string(path)} LANGUAGE PYTHON"
        self._shell.execute(text, Collector().watcher())

    def _folder(self) -> Path:
        """A new folder that is removed with the session."""
        if self._files is None:
            self._files = Path(tempfile.mkdtemp(prefix="tidemill-tables-"))
            weakref.finalize(self, shutil.rmtree, self._files, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=self._files))

    def pipeline(self, *inserts: str, name: str) -> Pipeline:
        """A pipeline of INSERT statements, which advance together, with what was declared."""
        body = inserts[0] if len(inserts) == 1 else _statement_set(inserts)
        text = ";\n\n".join([*self._shell.declared, body]) + ";\n"
        return Pipeline(name, text, self.project, self.variables)


def _statement_set(inserts: tuple[str, ...]) -> str:
    return "EXECUTE STATEMENT SET BEGIN\n" + "".join(f"{i};\n" for i in inserts) + "END"


def _listed(listing: Listing) -> Result:
    if listing.text is not None:
        return Result(pa.table({"text": listing.text.splitlines()}))
    names = [name for name, _ in listing.columns]
    columns = list(zip(*listing.rows, strict=True)) or [() for _ in names]
    return Result(pa.table([pa.array([_text(v) for v in column]) for column in columns], names))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
