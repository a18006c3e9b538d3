"""Questions in SQL over topics and files, read-only and bounded."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from tidemill.console.hub import Hub
from tidemill.control.query import query as ask
from tidemill.control.query_tables import query_tables


class Question(BaseModel):
    """A SELECT in DuckDB's SQL."""

    sql: str


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/query", tags=["query"])

    @routes.get("/tables")
    def tables() -> list[dict[str, Any]]:
        """What can be asked: topics and files of the project."""
        return [table.as_dict() for table in query_tables(hub.project, hub.cluster)]

    @routes.post("")
    def query(body: Question) -> dict[str, Any]:
        """The answer, at most a thousand rows."""
        return ask(hub.project, hub.cluster, body.sql).as_dict()

    return routes
