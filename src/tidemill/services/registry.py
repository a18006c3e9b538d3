"""All servers that Tidemill can run, by name. Importing this imports no client library."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tidemill.errors import ServiceError, did_you_mean
from tidemill.services.connect import Connect
from tidemill.services.context import ServiceFactory
from tidemill.services.kafka import Kafka
from tidemill.services.postgres import Postgres

SERVICES: Mapping[str, type[Postgres] | type[Kafka] | type[Connect]] = MappingProxyType(
    {"postgres": Postgres, "kafka": Kafka, "connect": Connect}
)


def with_dependencies(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """The named servers and all that they need, in an order in which they can start."""
    ordered: list[str] = []

    def add(name: str) -> None:
        if name not in SERVICES:
            raise ServiceError(
                f"there is no server `{name}`",
                code="service.unknown-server",
                hint=did_you_mean(name, SERVICES) or f"Servers are: {', '.join(SERVICES)}.",
            )
        for needed in SERVICES[name].depends_on:
            add(needed)
        if name not in ordered:
            ordered.append(name)

    for name in names:
        add(name)
    return tuple(ordered)


def factories() -> Mapping[str, ServiceFactory]:
    """How the supervisor makes each server."""
    return SERVICES
