"""Late rows and dead letters of a pipeline."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from tidemill.console.api.acting import Asking
from tidemill.console.hub import Hub
from tidemill.console.security.audit import audited
from tidemill.control.dead_letters.redrive import redrive
from tidemill.control.dead_letters.selection import Selection
from tidemill.control.side_rows import side_rows, side_topics


class Redrive(BaseModel):
    """Whose messages go back; without `dry_run` false only what would be done is answered."""

    table: str | None = None
    stage: str | None = None
    code: str | None = None
    limit: int | None = Field(None, ge=1)
    dry_run: bool = True


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/pipelines/{name}", tags=["dead letters"])

    @routes.get("/side-tables")
    def tables(name: str) -> list[dict[str, Any]]:
        """The tables of late rows and dead letters, with how many rows each was given."""
        return [table.as_dict() for table in side_topics(hub.project, name)]

    @routes.get("/side-tables/{table}")
    def rows(
        name: str, table: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100, text: str = ""
    ) -> list[dict[str, Any]]:
        """The newest rows, with their origin and reason; `text` must stand in them."""
        return side_rows(
            hub.project, hub.cluster, name, table, limit=limit, text=text, masks=hub.masks
        )

    @routes.post("/redrive")
    def redrive_(name: str, body: Redrive, asking: Asking) -> dict[str, Any]:
        """Put messages of dead letters back into their topics, each once."""
        chosen = Selection(body.table, body.stage, body.code)

        def go(*, dry_run: bool) -> dict[str, Any]:
            done = redrive(
                hub.project, hub.cluster, name, chosen, dry_run=dry_run, limit=body.limit
            )
            return {"messages": done.messages, **asdict(done)}

        if body.dry_run:
            return go(dry_run=True)
        with audited(asking, "redrive dead letters", name):
            return go(dry_run=False)

    return routes
