"""Where rows come from and go to: tables, connectors, topics, pipelines, sinks, dbt's models.

Made of the project's files and dbt's manifest of the last build; no server is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tidemill.control.dbt.layout import SERVER, target_folder
from tidemill.control.flow import End, PipelineFlow, flows_of
from tidemill.control.pipeline import shown_path
from tidemill.control.project_context import open_project
from tidemill.errors import ProjectError, Where
from tidemill.project import Project
from tidemill.records import dataclass

_MODELS = ("model", "seed", "snapshot")


@dataclass(frozen=True, slots=True)
class LineageNode:
    """`kind` is table, topic, file, connector, pipeline, model, exposure or a connector's name."""

    id: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """The graph: nodes by id, and edges in the direction of the rows."""

    nodes: Mapping[str, LineageNode]
    edges: tuple[tuple[str, str], ...]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "nodes": [{"id": n.id, "kind": n.kind, "name": n.name} for n in self.nodes.values()],
            "edges": [{"from": start, "to": end} for start, end in self.edges],
        }

    def roots(self) -> list[LineageNode]:
        """The nodes that nothing flows into."""
        reached = {end for _, end in self.edges}
        return [node for node in self.nodes.values() if node.id not in reached]

    def after(self, node: LineageNode) -> list[LineageNode]:
        """The nodes that a node flows into."""
        return [self.nodes[end] for start, end in self.edges if start == node.id]


class _Graph:
    def __init__(self) -> None:
        self.nodes: dict[str, LineageNode] = {}
        self.edges: dict[tuple[str, str], None] = {}

    def node(self, id_: str, kind: str, name: str) -> str:
        self.nodes.setdefault(id_, LineageNode(id_, kind, name))
        return id_

    def edge(self, start: str, end: str) -> None:
        self.edges[start, end] = None


def lineage(folder: Path | None = None) -> Lineage:
    """The lineage of a project; raises ProjectError, and SqlError of a pipeline."""
    project = open_project(folder)
    graph = _Graph()
    for path in sorted((project.root / "connectors").glob("*.json")):
        _connector(graph, path)
    for flow in flows_of(project):
        _pipeline(graph, flow)
    _dbt(graph, project)
    return Lineage(graph.nodes, tuple(graph.edges))


def _pipeline(graph: _Graph, flow: PipelineFlow) -> None:
    own = graph.node(f"pipeline:{flow.pipeline}", "pipeline", flow.pipeline)
    for end in flow.reads:
        graph.edge(_end(graph, end), own)
    for end in flow.writes:
        graph.edge(own, _end(graph, end))


def _end(graph: _Graph, end: End) -> str:
    return graph.node(end.id, end.kind, end.name)


def _connector(graph: _Graph, path: Path) -> None:
    """A Debezium connector: each table that it captures goes to the topic with its name."""
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    config = written.get("config", written) if isinstance(written, dict) else {}
    prefix = config.get("topic.prefix")
    if not prefix or "postgres" not in str(config.get("connector.class", "")):
        return
    own = graph.node(f"connector:{path.stem}", "connector", path.stem)
    for table in filter(None, map(str.strip, config.get("table.include.list", "").split(","))):
        graph.edge(graph.node(f"{SERVER}:{table}", "table", table), own)
        topic = f"{prefix}.{table}"
        graph.edge(own, graph.node(f"topic:{topic}", "topic", topic))


def _dbt(graph: _Graph, project: Project) -> None:
    manifest = _manifest(target_folder(project) / "manifest.json")
    ids: dict[str, str] = {}
    for id_, source in manifest.get("sources", {}).items():
        name = f"{source['schema']}.{source['identifier']}"
        ids[id_] = graph.node(f"{SERVER}:{name}", "table", name)
    models = dict(_models(manifest))
    for id_, model in models.items():
        name = f"{model['schema']}.{model.get('alias') or model['name']}"
        ids[id_] = graph.node(f"{SERVER}:{name}", model["resource_type"], name)
    for id_, model in models.items():
        for needed in model.get("depends_on", {}).get("nodes", ()):
            if needed in ids:
                graph.edge(ids[needed], ids[id_])


def _models(manifest: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for id_, node in manifest.get("nodes", {}).items():
        if node.get("resource_type") in _MODELS:
            yield id_, node


def _manifest(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ProjectError(
            f"{shown_path(path)} cannot be read",
            code="dbt.unreadable",
            where=Where(file=str(path)),
            hint="Make it anew: tidemill dbt build",
        ) from None
    return found if isinstance(found, dict) else {}
