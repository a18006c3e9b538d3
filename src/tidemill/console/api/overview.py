"""Servers, pipelines and problems at one look."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from tidemill.console.hub import Hub
from tidemill.control.overview import overview as overview_of


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1", tags=["overview"])

    @routes.get("/overview")
    def overview() -> dict[str, Any]:
        """Servers, pipelines, and what is wrong with them, worst first."""
        return overview_of(hub.project).as_dict()

    return routes
