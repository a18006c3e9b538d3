"""What a user may set for one server."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from typing import Any

from tidemill.errors import ServiceError, Where, did_you_mean
from tidemill.records import dataclass

_JMX = ("kafka", "connect", "flink")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Settings of one server; all have good defaults.

    `port` None: a free port is chosen once and kept. `heap_mb` is the JVM's heap limit (JVM servers
    only). `properties` go into the server's own configuration under its own names, over ours.
    `start_timeout_s` is how long the server may take to be ready. `buckets` are made beside the one
    that an S3 store has anyway. `jmx_metrics` (kafka, connect, flink): the server's own metrics are
    given to Prometheus, by an agent in its JVM. `advertised_port` (kafka): the port that clients
    are told to come to, where a relay stands in front of the broker. `auth` (kafka): it asks for a
    generated password.
    """

    port: int | None = None
    heap_mb: int | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    start_timeout_s: float = 60.0
    buckets: tuple[str, ...] = ()
    jmx_metrics: bool = False
    advertised_port: int | None = None
    auth: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON data."""
        return asdict(self)


def parse_settings(server: str, given: Mapping[str, Any]) -> ServerSettings:
    """Settings from JSON data; raises ServiceError that names what is wrong."""
    known = (
        "port", "heap_mb", "properties", "start_timeout_s", "buckets", "jmx_metrics",
        "advertised_port", "auth",
    )  # fmt: skip
    for key in given:
        if key not in known:
            raise _bad(server, f"`{key}` is not a setting", did_you_mean(key, known))
    port, heap_mb = given.get("port"), given.get("heap_mb")
    if port is not None and not (type(port) is int and 1 <= port <= 65535):
        raise _bad(server, f"`port` cannot be `{port}`", "A port is a number from 1 to 65535.")
    if heap_mb is not None and not (type(heap_mb) is int and heap_mb >= 64):
        raise _bad(server, f"`heap_mb` cannot be `{heap_mb}`", "A heap has 64 megabytes or more.")
    timeout = given.get("start_timeout_s", 60.0)
    if not (isinstance(timeout, int | float) and 0 < timeout <= 3600):
        raise _bad(server, f"`start_timeout_s` cannot be `{timeout}`", "Give seconds, up to 3600.")
    properties = given.get("properties") or {}
    for key, value in properties.items():
        if any(character in f"{key}{value}" for character in "\n\r\0"):
            raise _bad(server, f"the property `{key}` has a line break", "Write it on one line.")
    texts = {str(key): _text(value) for key, value in properties.items()}
    jmx = given.get("jmx_metrics") or False
    if not isinstance(jmx, bool) or (jmx and server.partition("-")[0] not in _JMX):
        raise _bad(server, "`jmx_metrics` is not a setting", f"Servers with it: {', '.join(_JMX)}.")
    told = given.get("advertised_port")
    if told is not None and (server != "kafka" or not (type(told) is int and 1 <= told <= 65535)):
        raise _bad(server, "`advertised_port` is not a setting", None)
    auth = given.get("auth") or False
    if not isinstance(auth, bool) or (auth and server != "kafka"):
        raise _bad(server, "`auth` is not a setting", "Kafka has it; most others always ask.")
    buckets = _buckets(server, given)
    return ServerSettings(port, heap_mb, texts, float(timeout), buckets, jmx, told, auth)


def refuse_reserved(server: str, settings: ServerSettings, reserved: Sequence[str]) -> None:
    """Raise ServiceError for a property that Tidemill itself must set, such as where to listen."""
    for key in settings.properties:
        if any(key == name or key.startswith(name + ".") for name in reserved):
            hint = "Use the setting `port` for the port." if "port" in key else None
            raise _bad(server, f"`{key}` cannot be set among the `properties`", hint)


def _buckets(server: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of buckets, which become names of folders."""
    names = tuple(given.get("buckets") or ())
    if names and server != "s3":
        raise _bad(server, "`buckets` is not a setting", None)
    for name in names:
        if not (isinstance(name, str) and _BUCKET.fullmatch(name)):
            hint = "A name has 3 to 63 lower-case letters, digits, dots and dashes."
            raise _bad(server, f"`{name}` cannot be a bucket", hint)
    return names


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _bad(server: str, message: str, hint: str | None) -> ServiceError:
    return ServiceError(
        f"{message} of {server}",
        code="service.bad-setting",
        where=Where(server=server),
        hint=hint or "Settings are: port, heap_mb, properties, start_timeout_s.",
    )
