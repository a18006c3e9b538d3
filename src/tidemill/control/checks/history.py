"""What checks found so far: results over time, and the report of one of them again."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from tidemill.control.masks import Masks
from tidemill.errors import UserError
from tidemill.observe.log import MASK
from tidemill.project import Project
from tidemill.quality.model import Expectation
from tidemill.quality.report import html_report
from tidemill.quality.result import ExpectationResult, SuiteResult
from tidemill.quality.store import kept

RESULTS_MAX = 500


def results(
    project: Project, suite: str | None = None, target: str | None = None, limit: int = RESULTS_MAX
) -> list[dict[str, Any]]:
    """The newest results, newest first: of all suites, of one, or of one on one target.

    Values of personal columns are masked.
    """
    masks = Masks(tuple(project.settings.personal))
    found = deque(
        (
            one
            for one in kept(project.state_dir)
            if suite in (None, one["suite"]) and target in (None, one["target"])
        ),
        maxlen=limit,
    )
    return [masked_result(one, masks) for one in reversed(found)]


def masked_result(result: dict[str, Any], masks: Masks) -> dict[str, Any]:
    """A result without the values of personal columns: neither rows nor what was observed."""
    if not masks.marks:
        return result
    found = []
    for one in result["results"]:
        column = str(one["kwargs"].get("column", ""))
        rows = [masks.row(row) for row in one["unexpected_rows"] or ()]
        hidden = masks.hides(column) and one["observed_value"] is not None
        observed = MASK if hidden else one["observed_value"]
        found.append({**one, "unexpected_rows": rows, "observed_value": observed})
    return {**result, "results": found}


def report(project: Project, suite: str, target: str, at_ms: int | None = None) -> str:
    """One result as an HTML page, by default the newest; raises UserError where there is none."""
    found = results(project, suite, target)
    chosen = next((one for one in found if at_ms in (None, one["at_ms"])), None)
    if chosen is None:
        raise UserError(
            f"there is no such result of {suite} on {target}",
            code="quality.unknown-result",
            hint=f"Look for one: tidemill checks run {suite}",
        )
    return html_report([suite_result(chosen)])


def suite_result(data: Mapping[str, Any]) -> SuiteResult:
    """A kept result as it was found; values are as JSON has them."""
    return SuiteResult(
        data["suite"],
        data["target"],
        data["at_ms"],
        tuple(_one(each) for each in data["results"]),
        data["row_count"],
        exception=data["exception"],
        notes=tuple(data.get("notes", ())),
    )


def _one(data: Mapping[str, Any]) -> ExpectationResult:
    expectation = Expectation(data["type"], data["kwargs"], data["severity"], data["action"])
    return ExpectationResult(
        expectation,
        data["success"],
        data["element_count"],
        data["unexpected_count"],
        data["observed_value"],
        data["unexpected_rows"] or (),
        data["exception"],
    )
