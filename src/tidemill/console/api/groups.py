"""Consumer groups: lag, members, reset."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from tidemill.console.api.acting import Asking
from tidemill.console.hub import Hub
from tidemill.console.security.audit import audited
from tidemill.control.consumer_groups import (
    To,
    describe_group,
    group_as_dict,
    list_groups,
    plan_reset,
    reset,
)


class Reset(BaseModel):
    """Where a group shall go on; without `dry_run` false only the plan is answered."""

    topic: str
    to: To
    value: int | None = None
    dry_run: bool = True


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/groups", tags=["consumer groups"])

    @routes.get("")
    def groups() -> list[dict[str, Any]]:
        """All groups with their lag."""
        return [group_as_dict(group) for group in list_groups(hub.cluster)]

    @routes.get("/{group}")
    def group_(group: str) -> dict[str, Any]:
        """One group's members, and its lag by partition."""
        return group_as_dict(describe_group(hub.cluster, group), full=True)

    @routes.get("/{group}/history")
    def history(group: str) -> list[dict[str, Any]]:
        """Its lag over the last quarter of an hour, since somebody first looked."""
        return [asdict(sample) for sample in hub.groups.of(group)]

    @routes.post("/{group}/reset")
    def reset_(group: str, body: Reset, asking: Asking) -> dict[str, Any]:
        """Move a group that has no members; by default only say what that would do."""
        moves = plan_reset(hub.cluster, group, topic=body.topic, to=body.to, value=body.value)
        if not body.dry_run:
            with audited(asking, f"reset group to {body.to}", f"{group} on {body.topic}"):
                reset(hub.cluster, group, moves)
        return {"done": not body.dry_run, "moves": [move.as_dict() for move in moves]}

    return routes
