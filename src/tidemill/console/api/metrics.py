"""Prometheus metrics; scrape with the read-only token as bearer token."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from tidemill.console.hub import Hub
from tidemill.control.metrics import metrics_text
from tidemill.observe.prometheus import CONTENT_TYPE


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["metrics"])

    @routes.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> PlainTextResponse:
        """The pipelines and servers of the project, in Prometheus's text format."""
        return PlainTextResponse(metrics_text(hub.project), media_type=CONTENT_TYPE)

    return routes
