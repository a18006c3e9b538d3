"""Connectors of Kafka Connect, through its REST API.

Guarantees: `register` returns when the connector's tasks run, and raises with the task's trace when
one fails; secrets of a JSON file (`${secret:...}`) are resolved in memory and never shown, also not
in Connect's own error texts, and reach its topics only where the worker is not the project's own.
Non-guarantee: a connector that runs now may fail later; see `status`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from tidemill.control.cdc.heartbeat import with_heartbeat, with_truncates
from tidemill.control.connect_client import ConnectClient, ConnectorStatus, plain_text
from tidemill.control.connect_secrets import forget, referred
from tidemill.control.project_context import connect_client, open_project, resolver
from tidemill.errors import Span, TextWhere, TidemillError, UserError, Where
from tidemill.project import Project, Secret, find_references
from tidemill.records import dataclass

OLD_STATE_S = 5.0


@dataclass(frozen=True, slots=True)
class Connect:
    """Which Kafka Connect: the project's own, or the one at `url`."""

    project: Path | None = None
    url: str | None = None

    def open(self) -> Project:
        """The project that the command works on."""
        return open_project(self.project, needed=False)

    def client(self) -> ConnectClient:
        """A client of the worker."""
        return connect_client(self.open(), self.url)


def list_connectors(connect: Connect) -> list[ConnectorStatus]:
    """All connectors with their states."""
    return connect.client().statuses()


def register(
    connect: Connect, file: Path, *, name: str | None = None, timeout_s: float = 60.0
) -> ConnectorStatus:
    """Create or update the connector of a JSON file, and wait until its tasks run.

    One for Postgres gets heartbeats and reports TRUNCATE, unless its file says how it wants them.
    """
    text = _read(file)
    found, config = _parse(text, str(file), name)
    project = connect.open()
    resolve = resolver(project)
    values: dict[str, str | Secret] = {}
    places = {r.key: r for r in find_references(text, str(file))}
    for key, value in config.items():
        secret, resolved = False, value
        for reference in find_references(value, str(file)):
            one = resolve.value(places.get(reference.key, reference))
            secret = secret or isinstance(one, Secret)
            resolved = resolved.replace("${" + reference.key + "}", plain_text(one))
        values[key] = Secret(resolved) if secret else resolved
    client = connect.client()
    given = with_truncates(with_heartbeat(values, project.settings.cdc.heartbeat_ms))
    put(connect, client, found, given)
    return client.wait(found, lambda status: status.running, timeout_s)


def put(
    connect: Connect, client: ConnectClient, name: str, config: Mapping[str, str | Secret]
) -> None:
    """Give a connector its configuration, its secrets by reference where the worker is ours."""
    project = connect.open()
    given, file = referred(project, client.url, name, config)
    client.hide(value.reveal() for value in config.values() if isinstance(value, Secret))
    try:
        client.put(name, given)
    except TidemillError:
        if file is not None:
            file.unlink(missing_ok=True)
        raise
    forget(project, client.url, name, file)


def status(connect: Connect, name: str) -> ConnectorStatus:
    """One connector's state."""
    return connect.client().status(name)


def pause(connect: Connect, name: str, *, timeout_s: float = 30.0) -> ConnectorStatus:
    """Pause a connector and wait until it stands."""
    client = connect.client()
    client.act(name, "pause")
    return client.wait(name, lambda s: _all(s, "PAUSED"), timeout_s)


def resume(connect: Connect, name: str, *, timeout_s: float = 30.0) -> ConnectorStatus:
    """Resume a connector and wait until it runs."""
    client = connect.client()
    client.act(name, "resume")
    return client.wait(name, lambda s: s.running, timeout_s)


def restart(connect: Connect, name: str, *, timeout_s: float = 60.0) -> ConnectorStatus:
    """Restart a connector with its tasks and wait until they run."""
    client = connect.client()
    client.restart(name)
    # The old FAILED state stays visible for a moment after the request.
    seen = time.monotonic() + OLD_STATE_S
    while client.status(name).failure is not None and time.monotonic() < seen:
        time.sleep(0.2)
    return client.wait(name, lambda s: s.running, timeout_s)


def delete(connect: Connect, name: str) -> None:
    """Delete a connector; its topics, slot and publication stay."""
    client = connect.client()
    client.delete(name)
    forget(connect.open(), client.url, name)


def _all(status: ConnectorStatus, state: str) -> bool:
    return status.state == state and all(task.state == state for task in status.tasks)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(
            f"{file} cannot be read: {reason}",
            code="cli.unreadable",
            where=Where(file=str(file)),
        ) from None


def _parse(text: str, file: str, name: str | None) -> tuple[str, dict[str, str]]:
    """The name and configuration, from `{"name": ..., "config": {...}}` or the latter alone."""
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{file} is not JSON: {error.msg}",
            code="control.connector-file",
            where=TextWhere(file, text, Span(error.pos, error.pos + 1)),
        ) from None
    config = given.get("config", given) if isinstance(given, dict) else None
    if not isinstance(config, dict) or "connector.class" not in config:
        raise UserError(
            f"{file} has no connector configuration",
            code="control.connector-file",
            where=Where(file=file),
            hint='Write {"name": "...", "config": {"connector.class": "...", ...}}.',
        )
    found = name or given.get("name") or Path(file).stem
    texts = {
        str(key): value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
        if key != "name"
    }
    return str(found), texts
