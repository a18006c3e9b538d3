"""The suites of a project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tidemill.control.pipeline import shown_path
from tidemill.control.project_context import open_project
from tidemill.errors import ProjectError, did_you_mean
from tidemill.project import Project
from tidemill.quality.model import Suite, Target
from tidemill.quality.store import kept
from tidemill.quality.suites import FOLDER, read_suite, suite_files
from tidemill.records import dataclass


def suites_of(project: Project) -> list[Suite]:
    """All suites of a project, in the order of their files; raises ProjectError."""
    found: dict[str, Suite] = {}
    for path in suite_files(project.root):
        suite = read_suite(path, shown_path(path))
        if suite.name in found:
            raise ProjectError(
                f"{suite.file} and {found[suite.name].file} both name their suite `{suite.name}`",
                code="quality.bad-suite",
                hint="Give one of them another `name:`.",
            )
        found[suite.name] = suite
    return list(found.values())


def chosen(project: Project, names: Sequence[str]) -> list[Suite]:
    """The suites of these names, by default all; raises ProjectError."""
    known = {suite.name: suite for suite in suites_of(project)}
    for name in names:
        if name not in known:
            raise ProjectError(
                f"there is no suite `{name}`",
                code="quality.unknown-suite",
                hint=did_you_mean(name, known)
                or (f"There are: {', '.join(known)}." if known else f"Suites are {FOLDER}/*.yaml."),
            )
    return [known[name] for name in names] if names else list(known.values())


@dataclass(frozen=True, slots=True)
class ListedSuite:
    """A suite with the last result on each of its targets (None: none yet)."""

    suite: Suite
    last: dict[str, dict[str, Any] | None]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.suite.name,
            "file": self.suite.file,
            "expectations": [one.type for one in self.suite.expectations],
            "targets": [
                {
                    "target": target,
                    "last_at_ms": None if last is None else last["at_ms"],
                    "last_success": None if last is None else last["success"],
                }
                for target, last in self.last.items()
            ],
        }


def list_suites(folder: Path | None = None) -> list[ListedSuite]:
    """The suites of the project with what they last found."""
    project = open_project(folder, needed=False)
    last = {(r["suite"], r["target"]): r for r in kept(project.state_dir)}
    return [
        ListedSuite(suite, {str(t): last.get((suite.name, str(t))) for t in suite.targets})
        for suite in suites_of(project)
    ]


def in_pipeline(suite: Suite, pipeline: str) -> list[Target]:
    """The targets of a suite that are tables of a pipeline."""
    return [target for target in suite.targets if target.pipeline == pipeline]
