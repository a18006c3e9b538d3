"""Replication slots of the project's Postgres: how much WAL each holds, and how much it may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tidemill.connectors.jdbc.server_stats import (
    DatabaseState,
    PostgresLogin,
    SlotState,
    server_stats,
)
from tidemill.control.project_context import resolver
from tidemill.errors import ProjectError
from tidemill.project import Project, Secret, find_references
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot and its budget in bytes: the server's own limit, else the project's."""

    state: SlotState
    budget_bytes: int

    @property
    def share(self) -> float | None:
        """How much of its budget it uses; above 1 it is over it."""
        held = self.state.retained_bytes
        return None if held is None else held / self.budget_bytes

    @property
    def over(self) -> bool:
        """Whether it holds more WAL than it may."""
        return self.share is not None and self.share > 1

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        return {
            **asdict(self.state),
            "budget_bytes": self.budget_bytes,
            "share": self.share,
            "over": self.over,
        }


def postgres_of(project: Project) -> PostgresLogin | None:
    """The login of the project's Postgres; None where it has none that runs."""
    resolve = resolver(project)
    values: dict[str, str] = {}
    try:
        for key in ("server:postgres.host", "server:postgres.port", "server:postgres.user",
                    "server:postgres.database"):  # fmt: skip
            values[key.rpartition(".")[2]] = _value(resolve, key)
    except ProjectError:
        return None
    try:
        password = _value(resolve, "secret:postgres.password")
    except ProjectError:
        password = None
    return PostgresLogin(
        values["host"], int(values["port"]), values["user"], values["database"], password
    )


def slots(project: Project) -> list[Slot]:
    """The slots of the project's Postgres; none where it does not run; raises ConnectorError."""
    return slots_and_databases(project)[0]


def slots_and_databases(project: Project) -> tuple[list[Slot], list[DatabaseState]]:
    """The slots and databases of the project's Postgres."""
    login = postgres_of(project)
    if login is None:
        return [], []
    settings = project.settings
    budget = (settings.cdc.wal_budget_mb or settings.observe.slot_wal_budget_mb) << 20
    found, databases = server_stats(login)
    return [Slot(state, state.limit_bytes or budget) for state in found], databases


def slot_of(config: Mapping[str, str], found: list[Slot]) -> Slot | None:
    """The slot of a Debezium connector for Postgres, by its configuration."""
    if "postgres" not in config.get("connector.class", "").lower():
        return None
    name = config.get("slot.name", "debezium")
    return next((one for one in found if one.state.name == name), None)


def _value(resolve: Any, key: str) -> str:
    (reference,) = find_references("${" + key + "}", "tidemill")
    value = resolve.value(reference)
    return value.reveal() if isinstance(value, Secret) else str(value)
