"""Faults: what chaos runs did to pipelines, and what held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from tidemill.console.hub import Hub
from tidemill.control.chaos.view import chaos_run, chaos_runs


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/faults", tags=["faults"])

    @routes.get("")
    def listed() -> list[dict[str, Any]]:
        """The chaos runs that were kept, the newest first."""
        return chaos_runs(hub.project)

    @routes.get("/{run}")
    def one(run: str) -> Mapping[str, Any]:
        """One chaos run: its table, its actions, and what did not hold."""
        return chaos_run(hub.project, run)

    return routes
