"""Connectors of Kafka Connect: state, configuration without secrets, actions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from tidemill.console.api.acting import Asking
from tidemill.console.hub import Hub
from tidemill.console.security.audit import audited
from tidemill.control import connectors as use
from tidemill.control.connector_config import masked_config, update_config, validate_config
from tidemill.control.slots import slot_of, slots


class Config(BaseModel):
    """A connector's configuration; a masked value stands for what it holds now."""

    config: dict[str, str]


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/connectors", tags=["connectors"])

    @routes.get("")
    def connectors() -> list[dict[str, Any]]:
        """All connectors with their tasks."""
        return [asdict(status) for status in use.list_connectors(hub.connect)]

    @routes.get("/{name}")
    def connector(name: str) -> dict[str, Any]:
        """A connector's state, traces, configuration with secrets masked, and its slot's WAL."""
        status = use.status(hub.connect, name)
        config = masked_config(hub.connect, name)
        slot = slot_of(config, slots(hub.project))
        return {
            **asdict(status),
            "config": config,
            "slot": None if slot is None else slot.as_dict(),
        }

    @routes.put("/{name}/config")
    def configure(name: str, body: Config, asking: Asking) -> dict[str, Any]:
        """Validate with Connect, then give it this configuration."""
        with audited(asking, "configure connector", name):
            update_config(hub.connect, name, body.config)
        return {"config": masked_config(hub.connect, name)}

    @routes.post("/{name}/validate")
    def validate(name: str, body: Config, asking: Asking) -> dict[str, Any]:
        """What Connect says about a configuration; nothing is changed."""
        with audited(asking, "validate connector", name):
            return {"errors": validate_config(hub.connect, name, body.config)}

    @routes.post("/{name}/{action}")
    def act(
        name: str, action: Literal["pause", "resume", "restart"], asking: Asking
    ) -> dict[str, Any]:
        """Pause, resume or restart it; answers once it has come to that state."""
        doing = {"pause": use.pause, "resume": use.resume, "restart": use.restart}
        with audited(asking, f"{action} connector", name):
            return asdict(doing[action](hub.connect, name))

    @routes.delete("/{name}")
    def delete(name: str, asking: Asking) -> dict[str, str]:
        """Delete it; its topics, slot and publication stay."""
        with audited(asking, "delete connector", name):
            use.delete(hub.connect, name)
        return {"deleted": name}

    return routes
