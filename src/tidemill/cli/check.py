"""`tidemill check`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

from tidemill.cli.output import data, data_json, say
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from tidemill.control.check import CheckResult


def check(
    *pipelines: str,
    engine: Literal["embedded", "spark"] = "embedded",
    var: Variables = (),
    common: Common = COMMON,
) -> int:
    """Check pipelines without running them.

    Checks the project file and all pipelines in it, or those named or given by path: syntax,
    tables, columns, functions, types, options, and what the engine can run. No server needs to run
    and no secret is read. Shows every error that can be found at once; the exit code is 1 where
    there is one.

    Args:
        pipelines: names of pipelines, or paths of .sql files; by default the whole project.
        engine: spark checks for run --engine spark too, and says how often each sink is written.
        var: variables.
        common: the options of every verb.
    """
    from tidemill.control.check import check as run_check  # noqa: PLC0415 - loaded when called

    variables = parse_variables(var)
    results = run_check(pipelines, common.project, variables=variables, engine=engine)
    if common.json:
        data_json({"ok": all(r.ok for r in results), "results": [_as_dict(r) for r in results]})
    else:
        for result in results:
            _show(result)
    return 0 if all(result.ok for result in results) else 1


def _as_dict(result: CheckResult) -> dict[str, object]:
    return {
        "pipeline": result.name,
        "file": result.file,
        "ok": result.ok,
        "errors": [error.as_dict() for error in result.errors],
        "warnings": [asdict(warning) for warning in result.warnings],
        "notes": list(result.notes),
    }


def _show(result: CheckResult) -> None:
    from tidemill.cli.failures import shown  # noqa: PLC0415 - beside its only use

    for error in result.errors:
        say(shown(error))
        say()
    for warning in result.warnings:
        say(f"warning[{warning.name}]: {warning.message}")
        if warning.where:
            say(f"  --> {warning.where}")
        if warning.hint:
            say(f"hint: {warning.hint}")
    for note in result.notes:
        say(f"note: {note}")
    count = len(result.errors)
    verdict = "ok" if result.ok else f"{count} error{'s' * (count != 1)}"
    data(f"{result.file}: {verdict}")


APP = verb("check", check, "tidemill check\ntidemill check pipelines/orders.sql --json")
