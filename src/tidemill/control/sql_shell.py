"""SQL step by step: declarations are remembered, a SELECT gives rows, an INSERT runs to its end.

Guarantees: what a statement refuses changes nothing; a SELECT writes nowhere. State is kept in a
folder of its own that is removed at the end, so every run starts anew; a pipeline that goes on
where it stopped is run by `control.run`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.control.pipeline import (
    CompiledPipeline,
    SqlSource,
    bind_source,
    compile_source,
    resolve_sql,
)
from tidemill.control.rows import RowReader
from tidemill.control.run import build_engine
from tidemill.control.sql_text import EXPLAIN_WORDS, first_words, without_first_words
from tidemill.control.stopping import calling_on_signals
from tidemill.errors import Span, TextWhere, TidemillError
from tidemill.project import Project, ensure_state_dir
from tidemill.records import dataclass
from tidemill.sql.syntax.normal import quoted

if TYPE_CHECKING:
    from tidemill.engine import Engine, Progress
    from tidemill.interfaces.connector import Changelog
    from tidemill.model import Batch, Schema
    from tidemill.sql.listing import Listing
    from tidemill.sql.logical import Script

SHOWN_FILE = "sql"


@dataclass(frozen=True)
class ResultHead:
    """What is known of a SELECT's result before its first row."""

    schema: Schema
    changelog: Changelog
    bounded: bool
    reader: RowReader


@dataclass(frozen=True)
class Watcher:
    """Who takes a result: `head` once, then `rows` for each batch, from the engine's thread.

    `answer` takes what SHOW and DESCRIBE say.
    """

    head: Callable[[ResultHead], None]
    rows: Callable[[ResultHead, Batch], None]
    started: Callable[[Engine], None] = field(default=lambda _: None)
    answer: Callable[[Listing], None] = field(default=lambda _: None)


@dataclass(frozen=True)
class Outcome:
    """What a statement did: `declared`, `selected`, `inserted`, `explained` or `listed`.

    `text` holds an explanation; `progress` the end of a run.
    """

    kind: str
    text: str | None = None
    progress: Progress | None = None
    notes: tuple[str, ...] = ()


class SqlShell:
    """One session: a project's references, and what was declared so far."""

    def __init__(self, project: Project, variables: Mapping[str, str] | None = None) -> None:
        self._project = project
        self._variables = dict(variables or {})
        self._declared: list[str] = []
        self._tables: dict[str, tuple[str, ...]] = {}

    @property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the declared tables, with their columns."""
        return self._tables

    @property
    def declared(self) -> tuple[str, ...]:
        """The declarations that are remembered, in order, each without its `;`."""
        return tuple(self._declared)

    def execute(self, statement: str, watcher: Watcher) -> Outcome:
        """Run one statement (without its `;`); raises TidemillError that points into it."""
        words = first_words(statement)
        if words[:1] == ("EXPLAIN",):
            return self._explain(statement)
        script = self._bind(statement)
        for listing in script.listings:
            watcher.answer(listing)
        if script.listings:
            return Outcome("listed", notes=script.notes)
        if not script.inserts and not script.selects:
            self._declared.append(statement)
            self._remember(script)
            return Outcome("declared", notes=script.notes)
        outcome = self.run(self._compile(statement), watcher)
        for name in script.created:
            self._declare_created(statement, name)
        return outcome

    def _declare_created(self, statement: str, name: tuple[str, str, str]) -> None:
        """Keep a table of CREATE TABLE ... AS without its query, which has run."""
        path = ".".join(quoted(part) for part in name)
        script = self._bind(f"{statement};\nSHOW CREATE TABLE {path}")
        self._declared += [f"DROP TABLE IF EXISTS {path}", script.listings[-1].text or ""]
        self._remember(script)

    def _remember(self, script: Script) -> None:
        self._tables = {
            name: tuple(column.name for column in table.schema.columns)
            for name, table in script.tables.items()
        }

    def execute_script(self, text: str, file: str, watcher: Watcher) -> Outcome:
        """Run a whole text as one job; its last statement may be a SELECT."""
        source = self._resolve(text, file)
        script = bind_source(source, {}, may_be_empty=True)
        for listing in script.listings:
            watcher.answer(listing)
        if not script.inserts and not script.selects:
            return Outcome("declared", notes=(*source.notes, *source.warnings, *script.notes))
        return self.run(compile_source(source, {}), watcher)

    def run(self, compiled: CompiledPipeline, watcher: Watcher) -> Outcome:
        """Run what was compiled to its end, or until SIGINT or SIGTERM."""
        heads = _heads(compiled)
        for head in heads.values():
            watcher.head(head)
        with self._state() as state:
            engine = build_engine(
                self._project,
                "sql",
                compiled,
                state,
                job=f"{self._project.name}.sql.{state.name}",
                collect=lambda index, batch: watcher.rows(heads[index], batch),
                durable=False,
                keep_dead_letters=bool(compiled.script.inserts),
            )
            watcher.started(engine)
            with calling_on_signals(engine.stop):
                engine.run("forever")
            progress = engine.progress()
        kind = "selected" if heads else "inserted"
        return Outcome(kind, progress=progress, notes=compiled.notes)

    def _explain(self, statement: str) -> Outcome:
        from tidemill.plan import explain  # noqa: PLC0415 - loaded when used

        inner = without_first_words(statement, EXPLAIN_WORDS)
        return Outcome("explained", text=explain(self._compile(inner).plan).text(queries=False))

    def _bind(self, statement: str) -> Script:
        text, offset = self._with_declarations(statement)
        with _pointing_into(statement, offset):
            return bind_source(self._resolve(text, SHOWN_FILE), {}, may_be_empty=True)

    def _compile(self, statement: str) -> CompiledPipeline:
        text, offset = self._with_declarations(statement)
        with _pointing_into(statement, offset):
            return compile_source(self._resolve(text, SHOWN_FILE), {})

    def _with_declarations(self, statement: str) -> tuple[str, int]:
        before = "".join(f"{declared}\n;\n" for declared in self._declared)
        return before + statement, len(before)

    def _resolve(self, text: str, file: str) -> SqlSource:
        return resolve_sql(self._project, text, file, variables=self._variables)

    @contextmanager
    def _state(self) -> Iterator[Path]:
        """A folder for one run; kept where it holds dead letters."""
        base = ensure_state_dir(self._project.state_dir) / "sql"
        base.mkdir(mode=0o700, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=base))
        try:
            yield folder
        finally:
            shutil.rmtree(folder / "checkpoints", ignore_errors=True)
            if not any(path.is_file() for path in folder.rglob("*")):
                shutil.rmtree(folder, ignore_errors=True)


def _heads(compiled: CompiledPipeline) -> dict[int, ResultHead]:
    zone = compiled.script.settings.get("table.local-time-zone", "UTC")
    heads = {}
    for stage in compiled.plan.outputs:
        if stage.select is None:
            continue
        schema = compiled.script.selects[stage.select].schema
        heads[stage.select] = ResultHead(
            schema, stage.changelog, compiled.plan.bounded, RowReader(schema, zone)
        )
    return heads


@contextmanager
def _pointing_into(statement: str, offset: int) -> Iterator[None]:
    """Move the place of an error from the session's whole text into the statement."""
    try:
        yield
    except TidemillError as error:
        where = error.where
        if isinstance(where, TextWhere) and where.file == SHOWN_FILE:
            start = max(0, where.span.start - offset)
            end = max(start, where.span.end - offset)
            error.where = TextWhere(SHOWN_FILE, statement, Span(start, end))
        raise
