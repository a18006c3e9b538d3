"""Savepoints of pipelines, and what a changed text does to their state."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from tidemill.console.api.acting import Asking
from tidemill.console.hub import Hub
from tidemill.console.security.audit import audited
from tidemill.control.change.apply import apply_change
from tidemill.control.change.planned import plan_change
from tidemill.control.savepoints import delete_savepoint, list_savepoints, take_savepoint


class Apply(BaseModel):
    """Whether to go on where state is lost."""

    allow_lost: bool = False


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/pipelines/{name}", tags=["changes"])

    @routes.get("/savepoints")
    def savepoints(name: str) -> list[dict[str, Any]]:
        """The savepoints of a pipeline, the newest first."""
        return [one.as_dict() for one in list_savepoints(hub.project.root, name)]

    @routes.post("/savepoints")
    def take(name: str, asking: Asking) -> dict[str, Any]:
        """Take a savepoint; a pipeline that runs goes on."""
        with audited(asking, "take savepoint", name):
            return take_savepoint(hub.project.root, name).as_dict()

    @routes.delete("/savepoints/{savepoint}")
    def delete(name: str, savepoint: str, asking: Asking) -> dict[str, Any]:
        """Delete a savepoint."""
        with audited(asking, "delete savepoint", f"{name}/{savepoint}"):
            return delete_savepoint(hub.project.root, name, savepoint).as_dict()

    @routes.get("/change")
    def change(name: str) -> dict[str, Any]:
        """What becomes of the pipeline's state under its text as it is now."""
        return plan_change(name, hub.project.root).as_dict()

    @routes.post("/change")
    def apply(name: str, body: Apply, asking: Asking) -> dict[str, Any]:
        """Stop the pipeline, and take its state over into its text as it is now."""
        with audited(asking, "apply change", name):
            plan = plan_change(name, hub.project.root)
            return apply_change(hub.project, plan, allow_lost=body.allow_lost).as_dict()

    return routes
