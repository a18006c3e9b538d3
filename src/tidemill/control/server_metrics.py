"""What the servers say of themselves, for `/metrics`: slots, databases, connectors, Redis.

All servers are asked at the same time and waited for half a second at most. One that takes longer
(a Kafka with a thousand topics and groups) is told of as it was at its last answer, up to a minute
ago; one that does not answer leaves its samples out, and `tidemill_server_query_success` says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import field
from pathlib import Path
from typing import Any, TypeAlias

from tidemill.connectors.jdbc.server_stats import DatabaseState
from tidemill.connectors.kafka.groups import GroupDetail
from tidemill.connectors.kafka.topic_facts import TopicFacts, topic_facts
from tidemill.connectors.redis.server_stats import RedisState, redis_stats
from tidemill.control.connect_client import ConnectorStatus
from tidemill.control.consumer_groups import list_groups
from tidemill.control.project_context import connect_client, running_endpoints
from tidemill.control.slots import Slot, slots_and_databases
from tidemill.control.topics import Cluster
from tidemill.errors import TidemillError
from tidemill.project import Project
from tidemill.records import dataclass

WAIT_S, TIMEOUT_S = 0.5, 2.0
PARTITIONS_MAX = 5000
"""In a cluster with more, topics and groups are not asked for at each scrape."""

KEPT_S = 60.0

Learnt: TypeAlias = dict[str, Any]
"""Fields of `ServerFacts` with their values."""


_pool = ThreadPoolExecutor(8, "metrics")
_lock = threading.Lock()
_under_way: dict[tuple[Path, str], Future[Learnt]] = {}
_last: dict[tuple[Path, str], tuple[float, Learnt | None]] = {}


@dataclass
class ServerFacts:
    """What was learnt; `answered` says of each server that was asked whether it did."""

    slots: list[Slot] = field(default_factory=list)
    databases: list[DatabaseState] = field(default_factory=list)
    connectors: list[ConnectorStatus] = field(default_factory=list)
    topics: list[TopicFacts] = field(default_factory=list)
    groups: list[GroupDetail] = field(default_factory=list)
    redis: RedisState | None = None
    answered: dict[str, bool] = field(default_factory=dict)


def server_facts(project: Project) -> ServerFacts:
    """Ask all servers of the project that run, or that its connections name."""
    facts = ServerFacts()
    known = {*running_endpoints(project), *project.settings.connections}
    asked = {name: _asking(project, name) for name in _ASK if name in known}
    wait(asked.values(), WAIT_S)
    for name, future in asked.items():
        learnt = _learnt((project.root, name), future)
        facts.answered[name] = learnt is not None
        for key, value in (learnt or {}).items():
            setattr(facts, key, value)
    return facts


def _asking(project: Project, name: str) -> Future[Learnt]:
    """The question under way to a server, or a new one: there are never two at a time."""
    key = (project.root, name)
    with _lock:
        future = _under_way.get(key)
        if future is None:
            future = _under_way[key] = _pool.submit(_ASK[name], project)
        return future


def _learnt(key: tuple[Path, str], future: Future[Learnt]) -> Learnt | None:
    """The answer, or the last one if it is young enough; None where the server does not answer."""
    if not future.done():
        at_s, kept = _last.get(key, (0.0, None))
        return kept if time.monotonic() - at_s < KEPT_S else None
    with _lock:
        _under_way.pop(key, None)
    error = future.exception()
    if error is None:
        _last[key] = (time.monotonic(), future.result())
        return future.result()
    if not isinstance(error, TidemillError):
        raise error
    return None


def _postgres(project: Project) -> Learnt:
    slots, databases = slots_and_databases(project)
    return {"slots": slots, "databases": databases}


def _connect(project: Project) -> Learnt:
    client = connect_client(project, None, TIMEOUT_S)
    return {"connectors": client.statuses()}


def _kafka(project: Project) -> Learnt:
    cluster = Cluster(project.root)
    topics = topic_facts(cluster.admin())
    if sum(topic.partitions for topic in topics) > PARTITIONS_MAX:
        return {}
    return {"topics": topics, "groups": list_groups(cluster)}


def _redis(project: Project) -> Learnt:
    endpoint = running_endpoints(project).get("redis")
    if endpoint is None:
        return {}
    user, password = endpoint.properties.get("user"), endpoint.secrets.get("password")
    return {"redis": redis_stats(endpoint.host, endpoint.ports["redis"], user, password)}


_ASK: Mapping[str, Callable[[Project], Learnt]] = {
    "postgres": _postgres,
    "kafka": _kafka,
    "connect": _connect,
    "redis": _redis,
}
