"""`tidemill checks run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.cli.output import data, data_json, say
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from tidemill.quality import SuiteResult


def checks_run(
    *suites: str,
    target: tuple[str, ...] = (),
    report: Path | None = None,
    rows: int = 20,
    common: Common = COMMON,
) -> int:
    """Look at tables and files with suites.

    Each suite of checks/*.yaml, or those named, is looked at on each table and file under its
    `on:`. Tables of a pipeline are looked at while the pipeline runs. The exit code is 1 where an
    expectation of the severity critical is not met, or something cannot be read. Results are kept
    in .tidemill/checks/results.jsonl.

    Args:
        suites: names of suites; by default all.
        target: look only at this target, written as in the results; can be given several times.
        report: write an HTML report with unexpected rows to this file.
        rows: how many unexpected rows to keep for each expectation.
        common: the options of every verb.
    """
    from tidemill.control.checks.run import run_checks  # noqa: PLC0415 - loaded when called

    found = run_checks(
        suites, common.project, targets=target, report=report, rows_shown=max(rows, 0)
    )
    if common.json:
        results = [result.as_dict() for result in found.results]
        data_json({"success": found.success, "results": results, "notes": list(found.notes)})
    else:
        for result in found.results:
            _show(result)
        for note in found.notes:
            say(f"note: {note}")
        if found.report is not None:
            say(f"The report is in {found.report}.")
    return 0 if found.success else 1


def _show(result: SuiteResult) -> None:
    verdict = "passed" if result.success else "failed"
    met = len(result.results) - len(result.failed)
    data(f"{result.suite} on {result.target}: {verdict}, {met} of {len(result.results)} met")
    if result.exception is not None:
        say(f"  {result.exception}")
        return
    for one in result.failed:
        if one.exception is not None:
            found = one.exception
        elif one.elements is not None:
            found = f"{one.unexpected} of {one.elements} rows are unexpected"
        else:
            found = f"observed {one.observed}"
        say(f"  {one.expectation.severity}: {one.expectation.label}: {found}")


APP = verb(
    "run",
    checks_run,
    "tidemill checks run\ntidemill checks run zone_minute --report checks.html",
)
