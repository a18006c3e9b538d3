"""What the servers say of themselves, for `/metrics`: slots, databases, connectors, Redis.

Each server is asked at the same time and for two seconds at most; one that does not answer leaves
its samples out, and `tidemill_server_query_success` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tidemill.connectors.jdbc.server_stats import DatabaseState
from tidemill.connectors.redis.server_stats import RedisState, redis_stats
from tidemill.control.connect_client import ConnectClient, ConnectorStatus
from tidemill.control.project_context import connect_url, running_endpoints
from tidemill.control.slots import Slot, slots_and_databases
from tidemill.errors import TidemillError
from tidemill.project import Project

TIMEOUT_S = 2.0


@dataclass
class ServerFacts:
    """What was learnt; `answered` says of each server that was asked whether it did."""

    slots: list[Slot] = field(default_factory=list)
    databases: list[DatabaseState] = field(default_factory=list)
    connectors: list[ConnectorStatus] = field(default_factory=list)
    redis: RedisState | None = None
    answered: dict[str, bool] = field(default_factory=dict)


def server_facts(project: Project) -> ServerFacts:
    """Ask all servers of the project that run, or that its connections name."""
    facts = ServerFacts()
    known = {*running_endpoints(project), *project.settings.connections}
    asked: Mapping[str, Callable[[Project, ServerFacts], None]] = {
        name: ask for name, ask in _ASK.items() if name in known
    }
    if not asked:
        return facts
    with ThreadPoolExecutor(len(asked)) as pool:
        done = {name: pool.submit(ask, project, facts) for name, ask in asked.items()}
    for name, result in done.items():
        error = result.exception()
        if error is not None and not isinstance(error, TidemillError):
            raise error
        facts.answered[name] = error is None
    return facts


def _postgres(project: Project, facts: ServerFacts) -> None:
    facts.slots, facts.databases = slots_and_databases(project)


def _connect(project: Project, facts: ServerFacts) -> None:
    client = ConnectClient(connect_url(project, None), timeout_s=TIMEOUT_S)
    facts.connectors = client.statuses()


def _redis(project: Project, facts: ServerFacts) -> None:
    endpoint = running_endpoints(project).get("redis")
    if endpoint is not None:
        user, password = endpoint.properties.get("user"), endpoint.secrets.get("password")
        facts.redis = redis_stats(endpoint.host, endpoint.ports["redis"], user, password)


_ASK: Mapping[str, Callable[[Project, ServerFacts], None]] = {
    "postgres": _postgres,
    "connect": _connect,
    "redis": _redis,
}
