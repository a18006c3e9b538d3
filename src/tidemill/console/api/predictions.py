"""Predictions: what the models of a running pipeline answered, with their input."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from tidemill.console.hub import Hub
from tidemill.control.samples import predictions


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/pipelines/{name}/predictions", tags=["predictions"])

    @routes.get("")
    def newest(name: str) -> list[dict[str, Any]]:
        """The newest answers of each model; the first request only begins to keep them."""
        return predictions(hub.project, name)

    return routes
