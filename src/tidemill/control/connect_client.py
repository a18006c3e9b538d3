"""A client of Kafka Connect's REST API.

Guarantees: every failure is a TidemillError; secret values that were sent never show up in one,
also not within Connect's own texts; a rebalance under way (HTTP 409) is waited for.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, Literal

from tidemill.errors import ComponentError, UserError, Where, did_you_mean
from tidemill.project import MASK, Secret
from tidemill.project.http import open_checked
from tidemill.records import dataclass

REQUEST_TIMEOUT_S = 30.0
_SLOT_LOST = "no longer available on the server"
"""What Debezium says where a slot was dropped, or made again."""


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """One task of a connector."""

    id: int
    state: str
    trace: str | None


@dataclass(frozen=True, slots=True)
class ConnectorStatus:
    """A connector and its tasks; states are Kafka Connect's (RUNNING, PAUSED, FAILED, ...)."""

    name: str
    type: str
    state: str
    trace: str | None
    tasks: tuple[TaskStatus, ...]

    @property
    def running(self) -> bool:
        """Whether the connector and at least one task run, and none does anything else."""
        states = {self.state, *(task.state for task in self.tasks)}
        return bool(self.tasks) and states == {"RUNNING"}

    @property
    def failure(self) -> str | None:
        """The trace of what failed; None where nothing has."""
        states = [(self.state, self.trace), *((task.state, task.trace) for task in self.tasks)]
        return next((trace or "no reason given" for s, trace in states if s == "FAILED"), None)


@dataclass
class ConnectClient:
    """A client of one Kafka Connect worker; `headers` are sent with each request: a login."""

    url: str
    _secrets: list[str] = field(default_factory=list, repr=False)
    timeout_s: float = REQUEST_TIMEOUT_S
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def names(self) -> list[str]:
        """The connectors' names."""
        return sorted(self._request("GET", "/connectors"))

    def status(self, name: str) -> ConnectorStatus:
        """One connector's state."""
        return _status(self._request("GET", _path(name, "status"), connector=name))

    def statuses(self) -> list[ConnectorStatus]:
        """All connectors' states, by one request."""
        found = self._request("GET", "/connectors?expand=status")
        return [_status(one["status"]) for _, one in sorted(found.items())]

    def put(self, name: str, config: Mapping[str, str | Secret]) -> None:
        """Create the connector, or give it this configuration."""
        plain = {key: plain_text(value) for key, value in config.items()}
        self._secrets += [v.reveal() for v in config.values() if isinstance(v, Secret)]
        self._request("PUT", _path(name, "config"), plain)

    def config(self, name: str) -> dict[str, str]:
        """The connector's configuration, secrets included: mask it before it is shown."""
        found: dict[str, str] = self._request("GET", _path(name, "config"), connector=name)
        return found

    def validate(self, config: Mapping[str, str]) -> list[tuple[str, str]]:
        """What Connect says against a configuration: (option, reason) pairs."""
        plugin = config.get("connector.class", "").rpartition(".")[2]
        path = f"/connector-plugins/{urllib.parse.quote(plugin, safe='')}/config/validate"
        found = self._request("PUT", path, config)
        return [
            (item["value"]["name"], self._masked(reason))
            for item in found["configs"]
            for reason in item["value"]["errors"]
        ]

    def hide(self, secrets: Iterable[str]) -> None:
        """Mask these values in what Connect says from now on."""
        self._secrets += secrets

    def act(self, name: str, action: Literal["pause", "resume", "stop"]) -> None:
        """Pause, resume or stop a connector; a stopped one has no task, and can be resumed."""
        self._request("PUT", _path(name, action), connector=name)

    def restart(self, name: str) -> None:
        """Restart the connector and all its tasks."""
        query = "restart?includeTasks=true&onlyFailed=false"
        self._request("POST", _path(name, query), connector=name)

    def forget_offsets(self, name: str) -> None:
        """Have a stopped connector begin anew when it is resumed: with a snapshot."""
        self._request("DELETE", _path(name, "offsets"), connector=name)

    def delete(self, name: str) -> None:
        """Delete the connector."""
        self._request("DELETE", _path(name), connector=name)

    def wait(
        self, name: str, done: Callable[[ConnectorStatus], bool], timeout_s: float
    ) -> ConnectorStatus:
        """Wait until `done` holds; raises when a task fails or the time is over."""
        limit = time.monotonic() + timeout_s
        status = None
        while time.monotonic() < limit:
            status = self._status_if_there(name)
            if status is not None and status.failure is not None:
                raise self._failed(status)
            if status is not None and done(status):
                return status
            time.sleep(0.2)
        state = "unknown" if status is None else status.state
        raise ComponentError(
            f"the connector {name} was not ready within {timeout_s:.0f} s (state {state})",
            code="control.timeout",
            where=Where(server="connect"),
            hint=f"Look again: tidemill connector status {name}; and: tidemill logs connect",
        )

    def wait_stopped(self, name: str, timeout_s: float) -> None:
        """Wait until a connector that was told to has stopped, also one that had failed."""
        limit = time.monotonic() + timeout_s
        while self.status(name).state != "STOPPED" or self.status(name).tasks:
            if time.monotonic() > limit:
                raise ComponentError(
                    f"the connector {name} did not stop within {timeout_s:.0f} s",
                    code="control.timeout",
                    where=Where(server="connect"),
                    hint=f"Look at it: tidemill connector status {name}",
                )
            time.sleep(0.2)

    def _status_if_there(self, name: str) -> ConnectorStatus | None:
        # Right after it was created, Connect answers 404 until it has read its own topics.
        try:
            return self.status(name) if name in self.names() else None
        except UserError as error:
            if error.code == "control.unknown-connector":
                return None
            raise

    def _failed(self, status: ConnectorStatus) -> ComponentError:
        return ComponentError(
            f"the connector {status.name} failed",
            code="control.connector-failed",
            where=Where(server="connect"),
            detail=_short_trace(self._masked(status.failure or "")),
            hint=(
                "Its slot does not have what comes behind its place in the log, so what happened "
                "since is lost. Take the rows anew: tidemill cdc resnapshot PIPELINE"
                if _SLOT_LOST in (status.failure or "")
                else f"Mend the cause, then: tidemill connector restart {status.name}"
            ),
        )

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK) if secret else text
        return text

    def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, str] | None = None,
        *,
        connector: str | None = None,
    ) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked by _check_url
            _check_url(self.url) + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                **self.headers,
            },
        )
        limit = time.monotonic() + self.timeout_s
        while True:
            try:
                with open_checked(request, self.timeout_s) as answer:
                    text = answer.read()
                    return json.loads(text) if text.strip() else None
            except urllib.error.HTTPError as error:
                # 409: a rebalance is under way, and the same call succeeds a moment later.
                if error.code == 409 and time.monotonic() < limit:
                    time.sleep(0.3)
                    continue
                raise self._refused(error, connector) from None
            except (OSError, ValueError) as error:
                reason = getattr(error, "reason", error)
                raise ComponentError(
                    f"Kafka Connect does not answer at {self.url}: {reason}",
                    code="control.connect-unreachable",
                    where=Where(server="connect"),
                    hint="Start it with `tidemill up connect`, or look at `tidemill logs connect`.",
                ) from None

    def _refused(
        self, error: urllib.error.HTTPError, connector: str | None
    ) -> ComponentError | UserError:
        raw = error.read().decode("utf-8", "replace")
        try:
            message = str(json.loads(raw)["message"])
        except (ValueError, KeyError, TypeError):
            message = raw[:500]
        if error.code == 404 and connector is not None:
            known = self.names()
            return UserError(
                f"there is no connector `{connector}`",
                code="control.unknown-connector",
                where=Where(server="connect"),
                hint=did_you_mean(connector, known)
                or (f"There are: {', '.join(known)}." if known else "There is none so far."),
            )
        if error.code in (401, 403):
            return UserError(
                f"Kafka Connect refuses the login (HTTP {error.code})",
                code="control.connect-refused",
                where=Where(server="connect"),
                hint="Give `user` and `password` (by reference) of the connection `connect` in "
                "tidemill.yaml; the project's own worker is logged in to by itself.",
            )
        kind = UserError if error.code < 500 else ComponentError
        return kind(
            f"Kafka Connect refused the request (HTTP {error.code})",
            code="control.connect-refused",
            where=Where(server="connect"),
            detail=self._masked(message.strip()),
        )


def plain_text(value: str | Secret) -> str:
    """A value for a client library: a secret is revealed."""
    return value.reveal() if isinstance(value, Secret) else value


def _status(found: Mapping[str, Any]) -> ConnectorStatus:
    return ConnectorStatus(
        found["name"],
        found.get("type", "unknown"),
        found["connector"]["state"],
        found["connector"].get("trace"),
        tuple(
            TaskStatus(task["id"], task["state"], task.get("trace"))
            for task in sorted(found["tasks"], key=lambda task: task["id"])
        ),
    )


def _path(name: str, rest: str = "") -> str:
    path = "/connectors/" + urllib.parse.quote(name, safe="")
    return f"{path}/{rest}" if rest else path


def _check_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise UserError(
            f"`{url}` is no address of Kafka Connect",
            code="control.connect-unreachable",
            hint="Write it as http://HOST:PORT.",
        )
    return url


def _short_trace(trace: str, lines_max: int = 12) -> str:
    """What a Java trace says: its messages and causes, without the stack frames."""
    lines = [line for line in trace.splitlines() if not line.lstrip().startswith(("at ", "..."))]
    return "\n".join(lines[:lines_max]).strip()
