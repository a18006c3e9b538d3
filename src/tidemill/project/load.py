"""Find and read the project file."""

from __future__ import annotations

import os
from pathlib import Path

from tidemill.errors import ProjectError, Where
from tidemill.project.model import ProjectFile
from tidemill.project.project import PROJECT_FILE, Project, safe_name
from tidemill.project.validate import validate
from tidemill.project.yaml_text import parse_yaml


def find_project_file(start: Path) -> Path | None:
    """The nearest tidemill.yaml in `start` or above it."""
    if not start.exists():
        raise ProjectError(
            f"there is no folder {start}",
            code="project.not-found",
            hint="Give the project's folder, or its tidemill.yaml.",
        )
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        file = candidate / PROJECT_FILE
        if file.is_file():
            return file
    return None


def load_project(start: Path | None = None) -> Project:
    """The project of a folder (or of a tidemill.yaml); raises ProjectError where there is none."""
    base = start or Path.cwd()
    file = base if base.is_file() else find_project_file(base)
    if file is None:
        raise no_project(base)
    return read_project(file)


def no_project(start: Path | None) -> ProjectError:
    """The error that there is no project in a folder or above it."""
    return ProjectError(
        f"no {PROJECT_FILE} in {(start or Path.cwd()).resolve()} or above it",
        code="project.not-found",
        hint="Go to the project's folder, or make one: tidemill init my-project",
    )


def project_of(pipeline_file: Path) -> Project:
    """The project that a pipeline file belongs to; else a bare one in the file's folder."""
    file = find_project_file(pipeline_file.resolve().parent)
    return read_project(file) if file is not None else bare_project(pipeline_file.resolve().parent)


def bare_project(root: Path) -> Project:
    """A project without a project file."""
    return Project(root.resolve(), safe_name(root.resolve().name), ProjectFile.model_construct())


def read_project(file: Path) -> Project:
    """Read one project file; raises the first error, which mentions the others."""
    project, errors = check_project(file)
    if project is None:
        first, *others = errors
        if others:
            rest = "; ".join(f"{error.where}: {error.message}" for error in others)
            first.detail = " ".join(filter(None, [first.detail, f"And more: {rest}."]))
        raise first
    return project


def check_project(file: Path) -> tuple[Project | None, list[ProjectError]]:
    """Read one project file; the project, or all errors in it."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        return None, [
            ProjectError(
                f"{file} cannot be read: {reason}",
                code="project.unreadable",
                where=Where(file=str(file)),
            )
        ]
    try:
        yaml = parse_yaml(text, _shown(file))
    except ProjectError as error:
        return None, [error]
    settings, errors = validate(yaml)
    if settings is None:
        return None, errors
    root = file.resolve().parent
    return Project(root, settings.name or safe_name(root.name), settings, file.resolve(), yaml), []


def _shown(file: Path) -> str:
    """The path as a person in the current folder would write it."""
    try:
        relative = os.path.relpath(file)
    except ValueError:
        return str(file)
    return str(file) if relative.startswith("..") else relative
