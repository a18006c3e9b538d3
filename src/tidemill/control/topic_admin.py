"""Topics as the console shows and changes them: facts of all, who uses each, alter, empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, field, replace
from pathlib import Path
from typing import Any

from tidemill.connectors.kafka.topic_facts import (
    TopicFacts,
    add_partitions,
    alter_settings,
    empty_topic,
    topic_facts,
)
from tidemill.control.message_schemas import MessageSchemas
from tidemill.control.pipeline import compile_pipeline
from tidemill.control.plan_graph import graph_as_dict
from tidemill.control.project_context import open_project
from tidemill.control.schemas import registry_of
from tidemill.control.topics import Cluster
from tidemill.errors import TidemillError
from tidemill.model import TableDescriptor
from tidemill.plan import PhysicalPlan
from tidemill.project import Project
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class TopicView:
    """A topic with the pipelines that write and read it; `bytes` where its log lies here."""

    facts: TopicFacts
    bytes: int | None
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        users = {"written_by": list(self.written_by), "read_by": list(self.read_by)}
        return {**asdict(self.facts), "bytes": self.bytes, **users}


@dataclass(frozen=True, slots=True)
class Uses:
    """The pipelines by the topics that they write and read, and their tables of these topics."""

    written_by: Mapping[str, tuple[str, ...]]
    read_by: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, tuple[TableDescriptor, ...]] = field(default_factory=dict)


_uses: dict[Path, tuple[Any, Uses]] = {}


def topic_views(cluster: Cluster, *, internal: bool = False) -> list[TopicView]:
    """All topics, by name."""
    project = open_project(cluster.project, needed=False)
    uses, logs = topic_uses(project), _log_sizes(project) if cluster.bootstrap is None else {}
    return [
        TopicView(
            facts,
            logs.get(facts.name),
            uses.written_by.get(facts.name, ()),
            uses.read_by.get(facts.name, ()),
        )
        for facts in topic_facts(cluster.admin(), internal=internal)
    ]


def topic_uses(project: Project) -> Uses:
    """Which pipelines of the project use which topics; compiled again when a file has changed."""
    try:
        files = project.pipelines()
    except TidemillError:
        return Uses({}, {})
    stamp = tuple((p.name, p.path.stat().st_mtime_ns) for p in files if p.path.exists())
    kept = _uses.get(project.root)
    if kept is not None and kept[0] == stamp:
        return kept[1]
    written: dict[str, list[str]] = {}
    read: dict[str, list[str]] = {}
    tables: dict[str, list[TableDescriptor]] = {}
    for pipeline in files:
        written.setdefault(pipeline.dead_letter_topic, []).append(pipeline.name)
        try:
            plan = compile_pipeline(project, pipeline, lenient=True).plan
        except TidemillError:
            continue  # `check` tells what is wrong with it
        for table in _tables(plan, project.root):
            tables.setdefault(table.options.get("topic", ""), []).append(table)
        graph = graph_as_dict(plan)
        for node in graph["nodes"]:
            if node.get("connector") in ("kafka", "upsert-kafka") and node.get("place"):
                into = written if node["kind"] == "sink" else read
                into.setdefault(node["place"], []).append(pipeline.name)
    uses = Uses(
        {topic: tuple(dict.fromkeys(names)) for topic, names in written.items()},
        {topic: tuple(dict.fromkeys(names)) for topic, names in read.items()},
        {topic: tuple(found) for topic, found in tables.items()},
    )
    _uses[project.root] = (stamp, uses)
    return uses


def _tables(plan: PhysicalPlan, root: Path) -> Iterator[TableDescriptor]:
    """The tables of a plan that lie in Kafka; files that they name, from the project's folder."""
    ends = [stage.table for stage in plan.sources if stage.values is None]
    ends += [stage.sink for stage in plan.outputs if stage.sink is not None]
    for one in ends:
        if one.options.get("connector") in ("kafka", "upsert-kafka"):
            whole = {
                key: str(root / Path(value).expanduser())
                for key, value in one.options.items()
                if key.endswith("protobuf.descriptor-file")
            }
            yield replace(one, options={**one.options, **whole})


def topic_schemas(project: Project, topic: str) -> MessageSchemas:
    """What is known of the schemas of a topic's messages; the registry is asked when needed."""
    tables = topic_uses(project).tables.get(topic, ())
    return MessageSchemas(lambda: registry_of(project.root, None), tables)


def alter_topic(
    cluster: Cluster,
    topic: str,
    *,
    settings: Mapping[str, str | None] | None = None,
    partitions: int | None = None,
) -> None:
    """Change a topic's settings (None: the broker's default again) or raise its partitions."""
    admin = cluster.admin()
    if settings:
        alter_settings(admin, topic, settings)
    if partitions is not None:
        add_partitions(admin, topic, partitions)


def empty(cluster: Cluster, topic: str) -> int:
    """Delete all messages that a topic holds now; returns how many offsets they had."""
    return empty_topic(cluster.admin(), topic)


def _log_sizes(project: Project) -> dict[str, int]:
    """Bytes of the topics' logs, where the project's own broker keeps them."""
    found: dict[str, int] = {}
    folder = project.state_dir / "servers" / "kafka" / "data"
    if not folder.is_dir():
        return found
    for part in folder.iterdir():
        topic, dash, number = part.name.rpartition("-")
        if not dash or not number.isdigit():
            continue
        try:
            size = sum(file.stat().st_blocks * 512 for file in part.iterdir())
        except OSError:
            continue  # the broker is deleting it
        found[topic] = found.get(topic, 0) + size
    return found
