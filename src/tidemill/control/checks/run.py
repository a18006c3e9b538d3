"""Run suites on tables and files.

Guarantees: each suite is looked at on each of its targets, whatever the others give; what cannot be
read fails as a check does; a server that cannot be reached is an error of its own. Results are kept
under `.tidemill/checks/`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
from sqlglot import exp

from tidemill.control.checks.suites import chosen
from tidemill.control.checks.tables import RELATION, opened_target
from tidemill.control.project_context import open_project
from tidemill.errors import ComponentError, ProjectError, TidemillError
from tidemill.project import Project, ensure_state_dir
from tidemill.quality import ExpectationResult, Suite, SuiteResult, Target, measure
from tidemill.quality.measure import ROWS_SHOWN
from tidemill.quality.report import html_report
from tidemill.quality.store import keep
from tidemill.records import dataclass


@dataclass(frozen=True)
class ChecksRun:
    """The results of a run, and where the report is, if one was asked for."""

    results: tuple[SuiteResult, ...]
    notes: tuple[str, ...]
    report: Path | None = None

    @property
    def success(self) -> bool:
        """Whether every suite passed."""
        return all(result.success for result in self.results)


def run_checks(
    names: Sequence[str] = (),
    folder: Path | None = None,
    *,
    targets: Sequence[str] = (),
    report: Path | None = None,
    rows_shown: int = ROWS_SHOWN,
) -> ChecksRun:
    """Run suites by name (by default all); raises ProjectError, and ComponentError of a server.

    Args:
        names: suites.
        folder: the project's folder.
        targets: only targets that are written like this, as in results; by default all.
        report: where to write an HTML report.
        rows_shown: how many unexpected rows to fetch for each expectation.
    """
    project = open_project(folder, needed=False)
    results: list[SuiteResult] = []
    notes: list[str] = []
    for suite in chosen(project, names):
        for target in suite.targets:
            if targets and str(target) not in targets:
                continue
            if target.pipeline is not None:
                notes.append(f"{suite.name} on {target} is looked at while the pipeline runs")
                continue
            results.append(_run(project, suite, target, rows_shown))
        if not suite.targets:
            notes.append(f"the suite {suite.name} names nothing to look at (`on:`)")
    if results:
        keep(ensure_state_dir(project.state_dir), results)
    if report is not None:
        _write(report, html_report(results))
    return ChecksRun(tuple(results), tuple(notes), report)


def _run(project: Project, suite: Suite, target: Target, rows_shown: int) -> SuiteResult:
    at_ms = time.time_ns() // 10**6
    relation = exp.to_table(RELATION)
    try:
        with opened_target(project, target) as connection:
            count, columns, found = measure(connection, relation, suite.expectations, rows_shown)
    except ComponentError:
        raise
    except (TidemillError, duckdb.Error) as error:
        reason = error.message if isinstance(error, TidemillError) else str(error).splitlines()[0]
        failed = [ExpectationResult(e, False, exception="not read") for e in suite.expectations]
        return SuiteResult(suite.name, str(target), at_ms, tuple(failed), exception=reason)
    return SuiteResult(suite.name, str(target), at_ms, tuple(found), count, columns)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProjectError(
            f"{path} cannot be written: {error.strerror}", code="cli.unreadable"
        ) from None
