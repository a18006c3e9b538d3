"""The lake: buckets, folders, objects, and the first rows of files and views."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from tidemill.console.hub import Hub
from tidemill.control.lake import browse
from tidemill.control.lake.table_view import table_view


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/lake", tags=["lake"])

    @routes.get("/buckets")
    def buckets() -> list[str]:
        """The buckets that the project can reach."""
        return browse.buckets(hub.project)

    @routes.get("/objects")
    def objects(
        url: str, limit: Annotated[int, Query(ge=1, le=browse.ENTRIES_MAX)] = browse.ENTRIES_MAX
    ) -> dict[str, Any]:
        """What lies directly in a folder, `s3://bucket/folder/`."""
        return browse.folder(hub.project, url, limit).as_dict()

    @routes.get("/preview")
    def preview(url: str) -> dict[str, Any]:
        """The begin of an object: facts, columns, rows."""
        return browse.preview(hub.project, url).as_dict()

    @routes.get("/table")
    def table(url: str) -> dict[str, Any]:
        """The Iceberg or Delta table in a folder: its versions and its first rows."""
        return table_view(hub.project, url).as_dict()

    @routes.get("/views")
    def views() -> list[str]:
        """The views of lake.yaml."""
        return browse.views(hub.project)

    @routes.get("/views/{name}")
    def view(name: str) -> dict[str, Any]:
        """The first rows of a view."""
        return browse.preview_view(hub.project, name).as_dict()

    return routes
