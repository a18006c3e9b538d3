"""How to reach the servers: kept beside each server in a file that only its owner may read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tidemill.interfaces.service import Endpoint
from tidemill.services.state import StateFolder, read_json, write_json


def save_endpoint(folder: Path, endpoint: Endpoint) -> None:
    """Keep an endpoint, with its secrets, in the server's folder."""
    write_json(
        folder / "endpoint.json",
        {
            "host": endpoint.host,
            "ports": dict(endpoint.ports),
            "properties": dict(endpoint.properties),
            "secrets": dict(endpoint.secrets),
        },
    )


def load_endpoint(folder: Path) -> Endpoint | None:
    """The endpoint that was kept; None where there is none."""
    value: Any = read_json(folder / "endpoint.json")
    try:
        return Endpoint(value["host"], value["ports"], value["properties"], value["secrets"])
    except (TypeError, KeyError):
        return None


def endpoints_of(state: StateFolder, names: tuple[str, ...]) -> Mapping[str, Endpoint]:
    """The kept endpoints of these servers, as far as there are any."""
    found = {name: load_endpoint(state.server(name)) for name in names}
    return {name: endpoint for name, endpoint in found.items() if endpoint is not None}
