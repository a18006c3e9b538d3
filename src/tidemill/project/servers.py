"""What `${server:NAME.KEY}` and `${secret:NAME.KEY}` can read: running servers and connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from tidemill.interfaces.service import Endpoint
from tidemill.project.secret import Secret
from tidemill.records import dataclass

NOMINAL: Mapping[str, Mapping[str, str]] = {
    "postgres": {
        "host": "localhost",
        "port": "5432",
        "user": "postgres",
        "database": "postgres",
        "jdbc-url": "jdbc:postgresql://localhost:5432/postgres",
    },
    "kafka": {
        "host": "localhost",
        "port": "9092",
        "bootstrap": "localhost:9092",
        "bootstrap.servers": "localhost:9092",
    },
    "connect": {
        "host": "localhost",
        "port": "8083",
        "url": "http://localhost:8083",
        "user": "tidemill",
    },
    "s3": {
        "host": "localhost",
        "port": "9000",
        "endpoint": "http://localhost:9000",
        "region": "us-east-1",
        "bucket": "lake",
        "path-style-access": "true",
        "access-key": "access-key",
    },
    "registry": {
        "host": "localhost",
        "port": "8080",
        "url": "http://localhost:8080/apis/ccompat/v7",
        "user": "tidemill",
    },
    "redis": {
        "host": "localhost",
        "port": "6379",
        "user": "default",
        "url": "redis://localhost:6379/0",
    },
}
"""Stand-ins for the project's servers, for checking a file while they are down."""


@dataclass(frozen=True, slots=True)
class ServerProperties:
    """The properties of one server, plain and secret ones."""

    plain: Mapping[str, str]
    secrets: Mapping[str, Secret] = field(default_factory=dict)


def endpoint_properties(endpoint: Endpoint) -> ServerProperties:
    """The properties of a running server of the project."""
    plain = {"host": endpoint.host, **endpoint.properties}
    for name, port in endpoint.ports.items():
        plain.setdefault("port", str(port))
        plain[f"{name}-port"] = str(port)
    secrets = {name: Secret(value) for name, value in endpoint.secrets.items()}
    return ServerProperties(_derived(plain), secrets)


def connection_properties(
    plain: Mapping[str, str], secrets: Mapping[str, Secret]
) -> ServerProperties:
    """The properties of an external server, as the project file gives them."""
    return ServerProperties(_derived(plain), _with_user_info(plain, secrets))


def _with_user_info(
    plain: Mapping[str, str], secrets: Mapping[str, Secret]
) -> Mapping[str, Secret]:
    """`user:password` as one secret, as registries take it."""
    if "user" not in plain or "password" not in secrets or "user-info" in secrets:
        return secrets
    joined = f"{plain['user']}:{secrets['password'].reveal()}"
    return {**secrets, "user-info": Secret(joined)}


def _derived(given: Mapping[str, str]) -> dict[str, str]:
    """Add the properties under the names that references use, where they follow from others."""
    plain = dict(given)
    if "bootstrap.servers" in plain:
        plain.setdefault("bootstrap", plain["bootstrap.servers"])
    if plain.get("url", "").startswith("jdbc:"):
        plain.setdefault("jdbc-url", plain["url"])
    if "database" in plain and "host" in plain:
        port = plain.get("port", "5432")
        plain.setdefault(
            "jdbc-url", f"jdbc:postgresql://{plain['host']}:{port}/{plain['database']}"
        )
    return plain
