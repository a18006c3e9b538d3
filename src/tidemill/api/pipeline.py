"""Pipelines from Python: check, explain, run to an end, or start and watch."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidemill.api.display import code_html
from tidemill.api.live_display import EVERY_S, Frame, show_until
from tidemill.control.check import Finding, all_findings
from tidemill.control.checks.stream import stream_checks
from tidemill.control.pipeline import (
    CompiledPipeline,
    compile_source,
    read_sql,
    resolve_sql,
    shown_path,
)
from tidemill.control.project_context import project_for
from tidemill.control.run import RunResult, Until, progress_as_dict, run_compiled
from tidemill.errors import UserError
from tidemill.records import dataclass

if TYPE_CHECKING:
    from tidemill.engine import Engine, Progress
    from tidemill.project import Project

_POLL_S = 0.05


@dataclass(frozen=True)
class Pipeline:
    """A pipeline: its name, its SQL text, and the project that its references belong to.

    Its state is kept in the project under its name: a second run goes on where the last one
    stopped, as `tidemill run` does.
    """

    name: str
    sql: str
    project: Project = field(repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    file: str = "pipeline"

    @staticmethod
    def from_file(
        path: str | Path,
        *,
        project: str | Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Pipeline:
        """A pipeline by its file, or by its name in a project.

        Args:
            path: the file, or the name.
            project: the project's folder; by default that of the file, or the current folder's.
            variables: values for `${var:...}`.
        """
        found = project_for(str(path), None if project is None else Path(project))
        pipeline = found.pipeline(str(path))
        given = {**pipeline.variables, **(variables or {})}
        text = read_sql(pipeline.path)
        return Pipeline(
            pipeline.name, text, found, given, pipeline.settings, shown_path(pipeline.path)
        )

    def check(self) -> tuple[Finding, ...]:
        """The warnings; an error in the text is raised, with its place. Needs no server."""
        return all_findings(self._compiled(lenient=True))

    def explain(self, *, queries: bool = False) -> str:
        """The plan as text, with the engine's queries if asked. Needs no server."""
        from tidemill.plan import explain  # noqa: PLC0415 - loaded when used

        return explain(self._compiled(lenient=True).plan).text(queries=queries)

    def run(self, until: Until = "finished") -> RunResult:
        """Run on this thread until it ends: by itself over bounded input, else on SIGINT.

        Args:
            until: `finished`, `caught-up` (to what is there at the start) or `forever`.
        """
        return run_compiled(self.project, self.name, self._compiled(), until=until)

    def start(self, until: Until = "forever") -> Running:
        """Run in the background; use it as a context manager to stop it at the end."""
        return Running(self, until)

    def write(self, folder: str | Path) -> Path:
        """Write the text as `<name>.sql` into a folder; `tidemill run` runs it from there."""
        path = Path(folder) / f"{self.name}.sql"
        path.write_text(self.sql, encoding="utf-8")
        return path

    def __str__(self) -> str:
        return self.sql

    def _repr_html_(self) -> str:
        return code_html(self.sql)

    def _compiled(self, *, lenient: bool = False) -> CompiledPipeline:
        source = resolve_sql(
            self.project, self.sql, self.file, variables=self.variables, lenient=lenient
        )
        checks = partial(stream_checks, self.project, self.name)
        return compile_source(source, self.settings, checks)


class Running:
    """A pipeline that runs in the background."""

    def __init__(self, pipeline: Pipeline, until: Until) -> None:
        self.pipeline = pipeline
        self._engine: Engine | None = None
        self._result: RunResult | None = None
        self._error: BaseException | None = None
        self._begun = threading.Event()
        compiled = pipeline._compiled()
        self._thread = threading.Thread(target=self._body, args=(compiled, until), daemon=True)
        self._thread.start()
        self._begun.wait()

    @property
    def progress(self) -> Progress | None:
        """How far it is; None when it could not start."""
        return None if self._engine is None else self._engine.progress()

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._thread.is_alive()

    def wait_for_rows(self, count: int, timeout_s: float = 60.0) -> None:
        """Wait until it has written so many rows since it first started."""
        limit = time.monotonic() + timeout_s
        while self.progress is None or self.progress.rows_out < count:
            if not self.running:
                self.wait()
                if self.progress is not None and self.progress.rows_out >= count:
                    return
                raise self._too_few(count, "it ended")
            if time.monotonic() > limit:
                raise self._too_few(count, f"{timeout_s:g} s went by")
            time.sleep(_POLL_S)

    def live(self, *, seconds: float | None = None, every_s: float = EVERY_S) -> None:
        """Show the progress in a notebook until the pipeline ends; it goes on when this is left.

        Args:
            seconds: how long to show it.
            every_s: how often to draw.
        """
        show_until(self._frame, lambda: not self.running, every_s, seconds)

    def stop(self) -> RunResult:
        """Finish the batch, commit and end; raises what the run failed with."""
        if self._engine is not None:
            self._engine.stop()
        return self.wait()

    def wait(self) -> RunResult:
        """Wait for its own end; raises what the run failed with."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        facts = ", ".join(f"{key}={value}" for key, value in self._facts().items())
        return f"Running({self.pipeline.name!r}, {facts})"

    def _repr_html_(self) -> str:
        return self._frame()._repr_html_()

    def _frame(self) -> Frame:
        facts = {key: pa.array([value]) for key, value in self._facts().items()}
        state = "runs" if self.running else "has ended"
        return Frame(pa.table(facts), f"{self.pipeline.name} {state}")

    def _facts(self) -> dict[str, Any]:
        now = self.progress
        shown: dict[str, Any] = {} if now is None else progress_as_dict(now)
        keys = ("state", "rows_in", "rows_out", "rows_late", "rows_rejected", "lag")
        return {key: shown[key] for key in keys if key in shown}

    def _body(self, compiled: CompiledPipeline, until: Until) -> None:
        def started(engine: Engine) -> None:
            self._engine = engine
            self._begun.set()

        pipeline = self.pipeline
        try:
            self._result = run_compiled(
                pipeline.project, pipeline.name, compiled, until=until, started=started
            )
        except BaseException as error:  # raised again by `wait`
            self._error = error
        finally:
            self._begun.set()

    def _too_few(self, count: int, why: str) -> UserError:
        rows = 0 if self.progress is None else self.progress.rows_out
        return UserError(
            f"pipeline {self.pipeline.name} wrote {rows:,} of {count:,} rows, and {why}",
            code="api.not-running",
            hint="Ask `progress`, or `tidemill doctor` why windows stay open.",
        )
