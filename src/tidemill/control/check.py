"""Check pipelines without running them and without any server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.control.pipeline import (
    CompiledPipeline,
    compile_pipeline,
    read_sql,
    resolve_sql,
    shown_path,
)
from tidemill.control.project_context import project_for
from tidemill.errors import ProjectError, TidemillError, did_you_mean
from tidemill.project import PipelineFile, Project, check_project, find_project_file, no_project
from tidemill.quality.suites import read_suite, suite_files
from tidemill.records import dataclass

if TYPE_CHECKING:
    from tidemill.plan import PhysicalPlan


@dataclass(frozen=True)
class Finding:
    """A warning: the pipeline runs, but probably not as meant."""

    name: str
    message: str
    where: str | None = None
    hint: str | None = None


@dataclass(frozen=True)
class CheckResult:
    """What was found in one pipeline, or (`name` None) in the project file."""

    name: str | None
    file: str
    errors: tuple[TidemillError, ...] = ()
    warnings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors


def check(
    wanted: Sequence[str],
    folder: Path | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    engine: str = "embedded",
) -> list[CheckResult]:
    """Check the pipelines named or given by path; by default the project file and all in it.

    With `engine` spark also what Spark can run, and how often it writes each sink.
    """
    if wanted:
        pairs = [(project, project.pipeline(name)) for name in wanted
                 for project in [project_for(name, folder)]]  # fmt: skip
        return [
            _check_pipeline(project, pipeline, variables, engine) for project, pipeline in pairs
        ]
    start = folder or Path.cwd()
    file = start if start.is_file() else find_project_file(start)
    if file is None:
        raise no_project(folder)
    project, errors = check_project(file)
    if project is None:
        return [CheckResult(None, shown_path(file), tuple(errors))]
    try:
        pipelines = project.pipelines()
    except TidemillError as error:
        return [CheckResult(None, shown_path(file), (error,))]
    results = [CheckResult(None, shown_path(file)), *_check_suites(project)]
    return results + [
        _check_pipeline(project, pipeline, variables, engine) for pipeline in pipelines
    ]


def _check_suites(project: Project) -> list[CheckResult]:
    """The suites of expectations: whether each can be read, and its pipelines are there."""
    known = [pipeline.name for pipeline in project.pipelines()]
    results = []
    for path in suite_files(project.root):
        file = shown_path(path)
        try:
            suite = read_suite(path, file)
        except TidemillError as error:
            results.append(CheckResult(None, file, (error,)))
            continue
        errors = tuple(
            ProjectError(
                f"the project has no pipeline `{target.pipeline}`",
                code="quality.bad-suite",
                where=target.where,
                hint=did_you_mean(target.pipeline, known) or f"It has: {', '.join(known)}.",
            )
            for target in suite.targets
            if target.pipeline is not None and target.pipeline not in known
        )
        results.append(CheckResult(None, file, errors))
    return results


def _check_pipeline(
    project: Project, pipeline: PipelineFile, variables: Mapping[str, str] | None, engine: str
) -> CheckResult:
    file = shown_path(pipeline.path)
    errors = _sql_errors(project, pipeline, variables)
    if errors:
        return CheckResult(pipeline.name, file, tuple(errors))
    try:
        compiled = compile_pipeline(project, pipeline, variables=variables, lenient=True)
        shown = set(compiled.source.warnings)
        notes = tuple(note for note in compiled.notes if note not in shown)
        if engine == "spark" and compiled.script.inserts:
            from tidemill.control.spark_text import spark_pipeline  # noqa: PLC0415 - seldom used

            notes = spark_pipeline(project, pipeline, variables=variables, lenient=True).notes
    except TidemillError as error:
        return CheckResult(pipeline.name, file, (error,))
    return CheckResult(pipeline.name, file, (), all_findings(compiled), notes)


def all_findings(compiled: CompiledPipeline) -> tuple[Finding, ...]:
    """The warnings about a pipeline: its text, and its plan."""
    literals = (
        Finding("literal-secret", one.message, str(one.where), one.hint)
        for one in compiled.source.literals
    )
    return (*literals, *findings(compiled.plan))


def findings(plan: PhysicalPlan) -> tuple[Finding, ...]:
    """The warnings about a plan."""
    from tidemill.plan import lint  # noqa: PLC0415 - loaded when used

    return tuple(
        Finding(w.name, w.message, None if w.where is None else str(w.where), w.hint)
        for w in lint(plan)
    )


def _sql_errors(
    project: Project, pipeline: PipelineFile, variables: Mapping[str, str] | None
) -> list[TidemillError]:
    """As many errors as can be found at once."""
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used
    from tidemill.formats import FORMATS  # noqa: PLC0415
    from tidemill.sql import check_script  # noqa: PLC0415

    try:
        text = read_sql(pipeline.path)
        source = resolve_sql(
            project,
            text,
            shown_path(pipeline.path),
            variables={**pipeline.variables, **(variables or {})},
            lenient=True,
        )
        found = check_script(
            source.text,
            source.file,
            CONNECTORS,
            FORMATS,
            functions=source.functions,
            reveal=source.reveal,
        )
        return [source.as_written(error) for error in found]
    except TidemillError as error:
        return [error]
