"""`tidemill test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import COMMON, Common, verb


def test(
    *files: str,
    keyword: Annotated[str, Parameter(name=["--keyword", "-k"])] = "",
    engine: Literal["embedded", "flink"] = "embedded",
    exit_first: Annotated[bool, Parameter(name=["--exit-first", "-x"], show_default=False)] = False,
    verbose: Annotated[bool, Parameter(name=["--verbose", "-v"], show_default=False)] = False,
    junit: Path | None = None,
    var: Variables = (),
    common: Common = COMMON,
) -> int:
    """Run the event-time fixtures of pipelines.

    A fixture file gives rows to the tables that a pipeline reads, moves event time and the clock,
    crashes the engine if it says so, and says what must come out. The files are tests/*.yaml, and
    *.test.yaml beside the pipelines. No server is needed, and nothing is written: sources and
    sinks are in memory. The exit code is 1 where a test fails or cannot be run.

    Args:
        files: fixture files or folders, FILE::TEST, or names of pipelines; by default all.
        keyword: only tests with this in their file or name; takes and, or, not, parentheses.
        engine: embedded, or flink: the same tests on the project's Flink (tidemill up flink).
        exit_first: end at the first test that does not pass.
        verbose: one line for each test.
        junit: also write JUnit XML to this file.
        var: variables.
        common: the options of every verb.
    """
    from tidemill.cli.test_view import TestView  # noqa: PLC0415 - loaded when called
    from tidemill.control.fixtures.suite import Suite  # noqa: PLC0415

    suite = Suite(
        files,
        common.project,
        keyword=keyword,
        variables=parse_variables(var),
        engine=engine,
    )
    view = TestView(len(suite.chosen), verbose=verbose, as_json=common.json)
    for outcome in suite.outcomes():
        view.show(outcome)
        if exit_first and outcome.status in ("failed", "error"):
            break
    if junit is not None:
        from tidemill.control.fixtures.junit import write_junit  # noqa: PLC0415 - when asked for

        write_junit(junit, view.outcomes, f"{suite.project.name} ({engine})")
    return view.end(engine)


APP = verb(
    "test",
    test,
    "tidemill test\ntidemill test revenue -k 'late and not crash'\n"
    "tidemill test tests/revenue.yaml --junit report.xml",
)
