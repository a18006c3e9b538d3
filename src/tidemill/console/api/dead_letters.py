"""Late rows and dead letters of a pipeline."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from tidemill.console.hub import Hub
from tidemill.control.side_rows import side_rows, side_topics


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/pipelines/{name}/side-tables", tags=["dead letters"])

    @routes.get("")
    def tables(name: str) -> list[dict[str, Any]]:
        """The tables of late rows and dead letters, with how many rows each was given."""
        return [table.as_dict() for table in side_topics(hub.project, name)]

    @routes.get("/{table}")
    def rows(
        name: str, table: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100, text: str = ""
    ) -> list[dict[str, Any]]:
        """The newest rows, with their origin and reason; `text` must stand in them."""
        return side_rows(
            hub.project, hub.cluster, name, table, limit=limit, text=text, masks=hub.masks
        )

    return routes
