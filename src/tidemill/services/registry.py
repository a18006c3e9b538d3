"""All servers that Tidemill can run, by name. Importing this imports no client library."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tidemill.errors import ServiceError, did_you_mean
from tidemill.services.airflow import (
    AirflowApi,
    AirflowDagProcessor,
    AirflowScheduler,
    AirflowTriggerer,
)
from tidemill.services.connect import Connect
from tidemill.services.context import ServiceFactory
from tidemill.services.flink import FlinkGateway, FlinkJobManager, FlinkTaskManager
from tidemill.services.kafka import Kafka
from tidemill.services.postgres import Postgres
from tidemill.services.prometheus import Prometheus
from tidemill.services.redis import Redis
from tidemill.services.s3 import S3
from tidemill.services.schema_registry import Registry

ServiceClass = (
    type[Postgres]
    | type[Kafka]
    | type[Connect]
    | type[Redis]
    | type[Registry]
    | type[FlinkJobManager]
    | type[FlinkTaskManager]
    | type[FlinkGateway]
    | type[S3]
    | type[AirflowApi]
    | type[AirflowScheduler]
    | type[AirflowDagProcessor]
    | type[AirflowTriggerer]
    | type[Prometheus]
)
SERVICES: Mapping[str, ServiceClass] = MappingProxyType(
    {
        "postgres": Postgres,
        "kafka": Kafka,
        "connect": Connect,
        "redis": Redis,
        "registry": Registry,
        "flink-jobmanager": FlinkJobManager,
        "flink-taskmanager": FlinkTaskManager,
        "flink-gateway": FlinkGateway,
        "s3": S3,
        "airflow-api": AirflowApi,
        "airflow-scheduler": AirflowScheduler,
        "airflow-dag-processor": AirflowDagProcessor,
        "airflow-triggerer": AirflowTriggerer,
        "prometheus": Prometheus,
    }
)
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "flink": ("flink-jobmanager", "flink-taskmanager", "flink-gateway"),
        "airflow": (
            "airflow-api",
            "airflow-scheduler",
            "airflow-dag-processor",
            "airflow-triggerer",
        ),
    }
)
"""Names that stand for several servers."""

EVERYDAY = ("postgres", "kafka", "connect")
"""What is fetched and looked at where nothing is named; only some need the others."""


def with_dependencies(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """The named servers and all that they need, in an order in which they can start."""
    ordered: list[str] = []

    def add(name: str) -> None:
        if name in GROUPS:
            for member in GROUPS[name]:
                add(member)
            return
        if name not in SERVICES:
            grouped = {member for members in GROUPS.values() for member in members}
            known = [*(name for name in SERVICES if name not in grouped), *GROUPS]
            raise ServiceError(
                f"there is no server `{name}`",
                code="service.unknown-server",
                hint=did_you_mean(name, known) or f"Servers are: {', '.join(known)}.",
            )
        for needed in SERVICES[name].depends_on:
            add(needed)
        if name not in ordered:
            ordered.append(name)

    for name in names:
        add(name)
    return tuple(ordered)


def settings_of(name: str, given: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The settings of a server: its own, else those of the group that it belongs to."""
    for group, members in GROUPS.items():
        if name in members and name not in given:
            return given.get(group, {})
    return given.get(name, {})


def factories() -> Mapping[str, ServiceFactory]:
    """How the supervisor makes each server."""
    return SERVICES
