"""`tidemill checks list`."""

from __future__ import annotations

import datetime as dt

from tidemill.cli.output import data_json, table
from tidemill.cli.verb import COMMON, Common, verb


def checks_list(*, common: Common = COMMON) -> None:
    """List the suites and what they last found.

    Args:
        common: the options of every verb.
    """
    from tidemill.control.checks.suites import list_suites  # noqa: PLC0415 - loaded when called

    found = list_suites(common.project)
    if common.json:
        data_json([one.as_dict() for one in found])
        return
    rows: list[tuple[str, int, str, str, str]] = []
    for one in found:
        count = len(one.suite.expectations)
        rows += [
            (one.suite.name, count, target, *_last(last)) for target, last in one.last.items()
        ] or [(one.suite.name, count, "", "", "")]
    table(("suite", "expectations", "on", "last", "at"), rows, right=("expectations",))


def _last(result: dict[str, object] | None) -> tuple[str, str]:
    if result is None:
        return "", ""
    at = dt.datetime.fromtimestamp(int(str(result["at_ms"])) / 1000, dt.UTC)
    return "passed" if result["success"] else "failed", at.isoformat(" ", "seconds")


APP = verb("list", checks_list, "tidemill checks list")
