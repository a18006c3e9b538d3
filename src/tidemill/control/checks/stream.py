"""Suites that a pipeline's tables are looked at with while it runs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import field

from tidemill.control.checks.suites import in_pipeline, suites_of
from tidemill.errors import ProjectError, UserError, did_you_mean
from tidemill.plan.checks import Checks
from tidemill.project import Project, ensure_state_dir
from tidemill.quality.model import Suite, Target
from tidemill.quality.result import ExpectationResult, SuiteResult, meets
from tidemill.quality.store import keep
from tidemill.quality.stream import StreamExpectation, in_stream
from tidemill.records import dataclass
from tidemill.sql.logical import Script


@dataclass(frozen=True)
class StreamSuite:
    """A suite on one table of a pipeline."""

    suite: Suite
    target: Target
    expectations: tuple[StreamExpectation, ...]


@dataclass(frozen=True)
class StreamChecks:
    """All that a pipeline's rows are looked at with; `notes` say what is left out."""

    suites: tuple[StreamSuite, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def by_table(self) -> Checks:
        """The expectations by table, as the plan takes them."""
        found: dict[str, list[StreamExpectation]] = {}
        for one in self.suites:
            found.setdefault(one.target.table or "", []).extend(one.expectations)
        return found


def stream_checks(project: Project, pipeline: str, script: Script) -> StreamChecks:
    """The suites of the project on tables of a pipeline; raises ProjectError and SqlError."""
    found: list[StreamSuite] = []
    notes: list[str] = []
    for suite in suites_of(project):
        for target in in_pipeline(suite, pipeline):
            table = script.tables.get(target.table or "")
            if table is None:
                raise ProjectError(
                    f"the pipeline {pipeline} declares no table `{target.table}`",
                    code="quality.bad-suite",
                    where=target.where,
                    hint=did_you_mean(target.table or "", script.tables)
                    or f"It declares: {', '.join(script.tables)}.",
                )
            expectations, left_out = in_stream(suite, table.name, table.schema)
            found.append(StreamSuite(suite, target, tuple(expectations)))
            notes += left_out
    return StreamChecks(tuple(found), tuple(notes))


def keep_results(
    project: Project, checks: StreamChecks, counters: Mapping[str, int]
) -> list[SuiteResult]:
    """The verdicts of a run so far, by its counters; stored where there are suites."""
    results = [_result(one, counters) for one in checks.suites]
    if results:
        keep(ensure_state_dir(project.state_dir), results)
    return results


def _result(one: StreamSuite, counters: Mapping[str, int]) -> SuiteResult:
    found = []
    for expected in one.expectations:
        elements = counters.get(f"check.{expected.name}.elements", 0)
        unexpected = counters.get(f"check.{expected.name}.unexpected", 0)
        success = meets(elements, unexpected, expected.mostly)
        found.append(ExpectationResult(expected.expectation, success, elements, unexpected))
    return SuiteResult(one.suite.name, str(one.target), time.time_ns() // 10**6, tuple(found))


def refuse_on_flink(project: Project, pipeline: str) -> tuple[str, ...]:
    """Notes on suites that Flink leaves out; raises UserError where that would change rows."""
    notes = []
    for suite in suites_of(project):
        for target in in_pipeline(suite, pipeline):
            acting = [one for one in suite.expectations if one.action != "warn"]
            if acting:
                raise UserError(
                    f"the suite {suite.name} acts on rows of `{target.table}`, and Flink would not",
                    code="quality.not-on-flink",
                    where=acting[0].where or target.where,
                    hint="Run the pipeline on the embedded engine, or use `action: warn`.",
                )
            notes.append(f"the suite {suite.name} on `{target.table}` is not looked at by Flink")
    return tuple(notes)
