"""Checks: suites of expectations, what they found over time, and the report of a result."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from tidemill.console.api.acting import Asking
from tidemill.console.hub import Hub
from tidemill.console.security.audit import audited
from tidemill.control.checks.history import RESULTS_MAX, masked_result, report, results
from tidemill.control.checks.run import run_checks
from tidemill.control.checks.suites import list_suites


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/checks", tags=["checks"])

    @routes.get("")
    def suites() -> list[dict[str, Any]]:
        """All suites, with what they last found on each of their targets."""
        return [one.as_dict() for one in list_suites(hub.project.root)]

    @routes.get("/results")
    def found(
        suite: str | None = None,
        target: str | None = None,
        limit: Annotated[int, Query(ge=1, le=RESULTS_MAX)] = 100,
    ) -> list[dict[str, Any]]:
        """Results with failing rows, newest first."""
        return results(hub.project, suite, target, limit)

    @routes.get("/report", response_class=HTMLResponse)
    def page(suite: str, target: str, at_ms: int | None = None) -> HTMLResponse:
        """One result as a page that needs nothing else; by default the newest."""
        return HTMLResponse(report(hub.project, suite, target, at_ms))

    @routes.post("/{suite}/run")
    def run(suite: str, asking: Asking) -> dict[str, Any]:
        """Look at the suite's tables and files now, and keep what is found."""
        with audited(asking, "run checks", suite):
            found = run_checks([suite], hub.project.root)
        return {
            "success": found.success,
            "results": [masked_result(one.as_dict(), hub.masks) for one in found.results],
            "notes": list(found.notes),
        }

    return routes
