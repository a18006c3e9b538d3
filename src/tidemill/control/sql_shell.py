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
from dataclasses import dataclass, field
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
from tidemill.control.run import build_engine, stopping_on_signals
from tidemill.control.sql_text import first_words, without_comments
from tidemill.errors import Span, TextWhere, TidemillError, UserError, did_you_mean
from tidemill.project import Project, ensure_state_dir

if TYPE_CHECKING:
    from tidemill.engine import Engine, Progress
    from tidemill.interfaces.connector import Changelog
    from tidemill.model import Batch, Schema
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
    """Who takes a result: `head` once, then `rows` for each batch, from the engine's thread."""

    head: Callable[[ResultHead], None]
    rows: Callable[[ResultHead, Batch], None]
    started: Callable[[Engine], None] = field(default=lambda _: None)


@dataclass(frozen=True)
class Outcome:
    """What a statement did: `declared`, `selected`, `inserted`, `explained` or `listed`.

    `columns` and `rows` hold a list; `text` an explanation; `progress` the end of a run.
    """

    kind: str
    text: str | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
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

    def execute(self, statement: str, watcher: Watcher) -> Outcome:
        """Run one statement (without its `;`); raises TidemillError that points into it."""
        words = first_words(statement)
        if words[:1] == ("EXPLAIN",):
            return self._explain(statement)
        if words[:2] == ("SHOW", "TABLES"):
            rows = tuple((name,) for name in sorted(self._tables))
            return Outcome("listed", columns=("table",), rows=rows)
        if words[:2] == ("SHOW", "FUNCTIONS"):
            own = self._bind("").functions
            listed = tuple((f.name, str(f.kind), f.path) for f in own)
            return Outcome("listed", columns=("function", "kind", "python"), rows=listed)
        if words[:1] in (("DESCRIBE",), ("DESC",)):
            return self._describe(statement)
        script = self._bind(statement)
        if not script.inserts and not script.selects:
            self._declared.append(statement)
            self._tables = {
                name: tuple(column.name for column in table.schema.columns)
                for name, table in script.tables.items()
            }
            return Outcome("declared", notes=script.notes)
        return self.run(self._compile(statement), watcher)

    def execute_script(self, text: str, file: str, watcher: Watcher) -> Outcome:
        """Run a whole text as one job; its last statement may be a SELECT."""
        source = self._resolve(text, file)
        script = bind_source(source, {}, may_be_empty=True)
        if not script.inserts and not script.selects:
            return Outcome("declared", notes=(*source.notes, *script.notes))
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
            with stopping_on_signals(engine):
                engine.run("forever")
            progress = engine.progress()
        kind = "selected" if heads else "inserted"
        return Outcome(kind, progress=progress, notes=compiled.notes)

    def _explain(self, statement: str) -> Outcome:
        from tidemill.plan import explain  # noqa: PLC0415 - loaded when used

        # The word is blanked, not cut, so that errors keep their place.
        at = statement.upper().index("EXPLAIN")
        inner = statement[:at] + " " * len("EXPLAIN") + statement[at + len("EXPLAIN") :]
        plan_for = first_words(inner)
        if plan_for[:2] == ("PLAN", "FOR"):
            for word in ("PLAN", "FOR"):
                place = inner.upper().index(word)
                inner = inner[:place] + " " * len(word) + inner[place + len(word) :]
        return Outcome("explained", text=explain(self._compile(inner).plan).text(queries=False))

    def _describe(self, statement: str) -> Outcome:
        named = without_comments(statement).split()[1:]
        name = named[0].strip("`") if named else ""
        script = self._bind("")
        table = script.tables.get(name)
        if table is None:
            raise UserError(
                f"there is no table `{name}`",
                code="sql.unknown-table",
                hint=did_you_mean(name, script.tables) or "SHOW TABLES; lists them.",
            )
        rows = tuple(
            (column.name, str(column.type), column.kind.value) for column in table.schema.columns
        )
        return Outcome("listed", columns=("name", "type", "kind"), rows=rows)

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
