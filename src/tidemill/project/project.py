"""A project: its folder, its settings, its pipelines, its state folder.

A pipeline file can also run without a project file; then its folder is the project, `.tidemill`
stands beside the file, and the settings are the defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path

from tidemill.errors import ProjectError, Span, TextWhere, did_you_mean
from tidemill.project.model import Pipeline, ProjectFile, Servers
from tidemill.project.state import STATE_DIR
from tidemill.project.yaml_text import YamlText
from tidemill.records import dataclass

PROJECT_FILE = "tidemill.yaml"


@dataclass(frozen=True)
class PipelineFile:
    """One pipeline: its name, its SQL file, its own settings and variables."""

    name: str
    path: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def dead_letter_topic(self) -> str:
        """The topic of rows that could not be processed."""
        return f"{self.name}.dead-letter"


@dataclass(frozen=True)
class Project:
    """A project; `file` and `yaml` are None where there is no project file."""

    root: Path
    name: str
    settings: ProjectFile
    file: Path | None = None
    yaml: YamlText | None = None

    @property
    def state_dir(self) -> Path:
        """The state folder; `ensure_state_dir` makes it."""
        return self.root / STATE_DIR

    @property
    def servers(self) -> Servers:
        """The servers of the project."""
        return self.settings.servers

    def where(self, path: tuple[str | int, ...], *, key: bool = False) -> TextWhere:
        """The place of a value of the project file."""
        if self.yaml is None:
            return TextWhere(PROJECT_FILE, "", Span(0, 0))
        return self.yaml.where(path, key=key)

    def pipelines(self) -> tuple[PipelineFile, ...]:
        """All pipelines of the project file, in its order; names are unique."""
        found: dict[str, PipelineFile] = {}
        for index, item in enumerate(self.settings.pipelines):
            entry = Pipeline(file=item) if isinstance(item, str) else item
            for pipeline in self._expand(entry, index):
                other = found.get(pipeline.name)
                if other is not None and other.path == pipeline.path and isinstance(item, str):
                    continue
                if other is not None:
                    raise ProjectError(
                        f"two pipelines are named `{pipeline.name}`",
                        code="project.duplicate-pipeline",
                        where=self.where(("pipelines", index)),
                        detail=f"The other one is {other.path}.",
                        hint="Give one of them another `name:`.",
                    )
                found[pipeline.name] = pipeline
        return tuple(found.values())

    def pipeline(self, wanted: str) -> PipelineFile:
        """The pipeline of this name, or of this path (which need not be in the project file)."""
        path = Path(wanted)
        listed = self.pipelines()
        for pipeline in listed:
            if pipeline.name == wanted or _same_file(pipeline.path, path):
                return pipeline
        if path.is_file():
            return PipelineFile(safe_name(path.stem), path.resolve())
        known = [p.name for p in listed]
        if path.suffix or "/" in wanted:
            raise ProjectError(
                f"there is no pipeline file {wanted}",
                code="project.unknown-pipeline",
                hint=did_you_mean(wanted, [str(p.path) for p in listed])
                or "Give the path of a .sql file, or the name of a pipeline of the project.",
            )
        raise ProjectError(
            f"the project has no pipeline `{wanted}`",
            code="project.unknown-pipeline",
            hint=did_you_mean(wanted, known)
            or (
                f"Its pipelines: {', '.join(known)}." if known else "Give the path of a .sql file."
            ),
        )

    def _expand(self, entry: Pipeline, index: int) -> Iterator[PipelineFile]:
        settings, variables = _texts(entry.settings), _texts(entry.variables)
        is_pattern = any(sign in entry.file for sign in "*?[")
        try:
            paths = sorted(self.root.glob(entry.file)) if is_pattern else [self.root / entry.file]
        except (ValueError, NotImplementedError) as error:
            paths, reason = [], str(error)
        else:
            reason = "no file matches" if is_pattern else "the file does not exist"
        paths = [path for path in paths if path.is_file()]
        if not paths:
            raise ProjectError(
                f"no pipeline at `{entry.file}`: {reason}",
                code="project.no-pipelines",
                where=self.where(("pipelines", index)),
                hint=f"Paths start at the project's folder, {self.root}.",
            )
        if entry.name is not None and len(paths) > 1:
            raise ProjectError(
                f"`{entry.name}` names {len(paths)} files at once",
                code="project.duplicate-pipeline",
                where=self.where(("pipelines", index)),
                hint="Leave out `name:`, or name one file.",
            )
        for path in paths:
            yield PipelineFile(entry.name or safe_name(path.stem), path, settings, variables)


def safe_name(text: str) -> str:
    """A name of letters, digits, `_` and `-` that is near to `text`."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_")[:100] or "pipeline"


def _texts(values: Mapping[str, str | int | float | bool]) -> dict[str, str]:
    return {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in values.items()}


def _same_file(one: Path, other: Path) -> bool:
    try:
        return other.exists() and one.samefile(other)
    except OSError:
        return False
