"""A copy of the project whose Kafka and Postgres are those of the chaos run.

What a run cannot feed or check is refused by name before anything starts.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tidemill.connectors.jdbc.options import parse as parse_jdbc
from tidemill.connectors.jdbc.target import create_statement
from tidemill.control.chaos.reference.text import PASSWORD_FILE, write_password
from tidemill.control.chaos.servers import ChaosServers
from tidemill.control.pipeline import CompiledPipeline, compile_pipeline, opened
from tidemill.errors import UserError, Where
from tidemill.model import TableDescriptor
from tidemill.plan.operators.lookup_join import LookupJoinStage
from tidemill.project import PROJECT_FILE, Project, load_project
from tidemill.records import dataclass

FED = ("kafka", "upsert-kafka")
CHECKED = ("kafka", "upsert-kafka", "jdbc", "filesystem")
UNCHECKED = ("print", "blackhole")
_LEFT = shutil.ignore_patterns(".*", "__pycache__", "node_modules")


@dataclass(frozen=True)
class Workspace:
    """The copied project, its compiled pipeline, and its tables as connectors open them."""

    project: Project
    name: str
    compiled: CompiledPipeline
    sources: Mapping[str, TableDescriptor]
    sinks: Mapping[str, TableDescriptor]

    def settle(self, table: TableDescriptor) -> TableDescriptor:
        """The table as its connector opens it."""
        return opened(table, self.compiled.source, self.project.root)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that are fed."""
        return tuple(table.options["topic"] for table in self.sources.values())


def check_pipeline(project: Project, wanted: str) -> str:
    """The pipeline's name; raises UserError where a run could not feed or check it."""
    pipeline = project.pipeline(wanted)
    compiled = compile_pipeline(project, pipeline, lenient=True)
    for stage in compiled.plan.sources:
        if stage.values is not None:
            continue
        connector = stage.table.options["connector"]
        if connector not in FED or "topic" not in stage.table.options:
            raise _refused(pipeline.name, stage.table, "feeds Kafka topics only")
        if stage.event_time is not None and stage.event_time.column is None:
            raise _refused(pipeline.name, stage.table, "needs event times that are columns")
    for operator in compiled.plan.operators:
        if isinstance(operator, LookupJoinStage):
            raise _refused(pipeline.name, operator.table, "cannot fill tables that are looked up")
    for insert in compiled.script.inserts:
        if insert.sink.options["connector"] not in (*CHECKED, *UNCHECKED):
            raise _refused(pipeline.name, insert.sink, f"checks sinks of {', '.join(CHECKED)} only")
    return pipeline.name


def make_workspace(project: Project, wanted: str, folder: Path, servers: ChaosServers) -> Workspace:
    """Copy the project, point it to the servers, and make what the pipeline needs there."""
    shutil.copytree(project.root, folder, ignore=_LEFT)
    write_password(folder, servers)
    _point(folder, project, wanted, servers)
    copied = load_project(folder)
    pipeline = copied.pipeline(wanted)
    compiled = compile_pipeline(copied, pipeline)
    space = Workspace(copied, pipeline.name, compiled, {}, {})
    read = [stage.table for stage in compiled.plan.sources if stage.values is None]
    sources = {table.name: space.settle(table) for table in read}
    written = {insert.sink.name: space.settle(insert.sink) for insert in compiled.script.inserts}
    made = Workspace(copied, pipeline.name, compiled, sources, written)
    _make(made, servers)
    return made


def _point(folder: Path, project: Project, wanted: str, servers: ChaosServers) -> None:
    file, yaml = folder / PROJECT_FILE, YAML()
    content: dict[str, Any] = yaml.load(file) if file.is_file() else {}
    content.pop("servers", None)
    content["name"] = project.name  # the job's name is made of it, also in a copy of this copy
    others = dict(content.get("connections") or {})
    content["connections"] = others | servers.connections(PASSWORD_FILE)
    if project.file is None:
        content["pipelines"] = [project.pipeline(wanted).path.name]
    with file.open("w") as out:
        yaml.dump(content, out)


def _make(space: Workspace, servers: ChaosServers) -> None:
    """Topics of one partition, so that a recomputation sees the same order, and tables."""
    written = {table.options["topic"] for table in space.sinks.values() if "topic" in table.options}
    for topic in dict.fromkeys([*space.topics, *sorted(written)]):
        servers.admin.create(topic, partitions=1)
    with servers.sql() as connection:
        for table in space.sinks.values():
            if table.options["connector"] == "jdbc":
                connection.execute(create_statement(table, parse_jdbc(table)))


def _refused(pipeline: str, table: TableDescriptor, why: str) -> UserError:
    return UserError(
        f"the table `{table.name}` cannot be part of a chaos run, which {why}",
        code="chaos.unsupported",
        where=Where(pipeline=pipeline, table=table.name),
        hint="Leave it out of a copy of the pipeline; without a name, tidemill chaos hurts a "
        "built-in one.",
    )
