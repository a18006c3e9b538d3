"""Use case: check a text that is not saved yet, as an editor does while one types."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tidemill.control.check import Finding, all_findings
from tidemill.control.pipeline import compile_source, resolve_sql
from tidemill.errors import TextWhere, TidemillError
from tidemill.project import PipelineFile, Project
from tidemill.records import dataclass

CHARS_MAX = 200_000


@dataclass(frozen=True, slots=True)
class TextCheck:
    """What was found; `plan` is the outline where there is no error."""

    errors: tuple[TidemillError, ...]
    warnings: tuple[Finding, ...]
    notes: tuple[str, ...]
    plan: str | None

    def as_dict(self) -> dict[str, Any]:
        """For the API; an error's `span` is where it stands, in characters."""
        return {
            "ok": not self.errors,
            "errors": [{**error.as_dict(), "span": _span(error)} for error in self.errors],
            "warnings": [asdict(warning) for warning in self.warnings],
            "notes": list(self.notes),
            "plan": self.plan,
        }


def check_text(project: Project, text: str, pipeline: str | None = None) -> TextCheck:
    """Check a text as the named pipeline, or as one of its own; needs no server."""
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used
    from tidemill.formats import FORMATS  # noqa: PLC0415
    from tidemill.plan import explain  # noqa: PLC0415
    from tidemill.sql import check_script  # noqa: PLC0415

    file = None if pipeline is None else project.pipeline(pipeline)
    name = "text.sql" if file is None else file.path.name
    try:
        source = resolve_sql(
            project, text[:CHARS_MAX], name, variables=_variables(file), lenient=True
        )
        errors = check_script(
            source.text, source.file, CONNECTORS, FORMATS,
            functions=source.functions, reveal=source.reveal,
        )  # fmt: skip
        if errors:
            return TextCheck(tuple(map(source.as_written, errors)), (), (), None)
        compiled = compile_source(source, {} if file is None else file.settings)
    except TidemillError as error:
        return TextCheck((error,), (), (), None)
    outline = explain(compiled.plan).text(queries=False)
    return TextCheck((), all_findings(compiled), compiled.notes, outline)


def _variables(file: PipelineFile | None) -> dict[str, str]:
    return {} if file is None else dict(file.variables)


def _span(error: TidemillError) -> list[int] | None:
    where = error.where
    return [where.span.start, where.span.end] if isinstance(where, TextWhere) else None
