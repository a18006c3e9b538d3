"""What each pipeline reads and writes, by the things themselves: topics, tables, files.

No server needs to run. Two pipelines that name one topic, or one table of a server, meet there,
whatever each calls it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tidemill.control.pipeline import CompiledPipeline, compile_pipeline, read_sql
from tidemill.control.project_context import resolver
from tidemill.errors import ProjectError
from tidemill.model import TableDescriptor
from tidemill.project import PipelineFile, Project, Secret, find_references
from tidemill.records import dataclass

_DATABASES = ("postgres",)


@dataclass(frozen=True, slots=True)
class End:
    """One thing that a pipeline reads or writes.

    `kind` is topic, table, file, or the connector's name; `server` the server or connection that
    it is on, where the project names it; `name` its name there, as `schema.table`.
    """

    kind: str
    name: str
    table: TableDescriptor
    server: str | None = None

    @property
    def id(self) -> str:
        """The same for the same thing."""
        return f"{self.server or self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class PipelineFlow:
    """One pipeline; `description` is the comment at the head of its file."""

    pipeline: str
    description: str
    reads: tuple[End, ...]
    writes: tuple[End, ...]


def flows_of(project: Project) -> list[PipelineFlow]:
    """The pipelines of a project; raises the error of one that cannot be compiled."""
    urls = _urls(project)
    return [_flow(project, pipeline, urls) for pipeline in project.pipelines()]


def _flow(project: Project, pipeline: PipelineFile, urls: Mapping[str, str]) -> PipelineFlow:
    compiled = compile_pipeline(project, pipeline, lenient=True)
    reads = {end.id: end for end in _reads(compiled, urls)}
    writes = {end.id: end for end in _writes(compiled, urls)}
    return PipelineFlow(
        pipeline.name, _head(read_sql(pipeline.path)), tuple(reads.values()), tuple(writes.values())
    )


def _reads(compiled: CompiledPipeline, urls: Mapping[str, str]) -> Iterator[End]:
    for stage in compiled.plan.sources:
        if stage.values is None:
            yield end_of(stage.table, urls)
    for operator in compiled.plan.operators:
        looked_up = getattr(operator, "table", None)
        if isinstance(looked_up, TableDescriptor):
            yield end_of(looked_up, urls)


def _writes(compiled: CompiledPipeline, urls: Mapping[str, str]) -> Iterator[End]:
    for stage in compiled.plan.outputs:
        if stage.sink is not None:
            yield end_of(stage.sink, urls)


def end_of(table: TableDescriptor, urls: Mapping[str, str]) -> End:
    """The thing behind a table; `urls` are the JDBC addresses of the project's servers."""
    options = table.options
    match options.get("connector"):
        case "kafka" | "upsert-kafka":
            return End("topic", options.get("topic", table.name), table)
        case "jdbc":
            name = options.get("table-name", table.name).replace('"', "")
            full = name if "." in name else f"public.{name}"
            address = options.get("url", "").partition("?")[0]
            return End("table", full, table, urls.get(address))
        case "filesystem":
            return End("file", options.get("path", table.name), table)
        case other:
            return End(str(other), table.name, table)


def _urls(project: Project) -> dict[str, str]:
    """The names of servers and connections with a database, by their JDBC addresses."""
    resolve = resolver(project, lenient=True)
    found: dict[str, str] = {}
    for name in (*project.settings.connections, *_DATABASES):
        (reference,) = find_references("${server:" + name + ".jdbc-url}", "tidemill")
        try:
            value = resolve.value(reference)
        except ProjectError:
            continue
        plain = value.reveal() if isinstance(value, Secret) else value
        found.setdefault(plain.partition("?")[0], name)
    return found


def _head(text: str) -> str:
    """The comment before the first statement, without its dashes."""
    lines = []
    for line in text.lstrip().splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.lstrip("-").strip())
    return " ".join(filter(None, lines))
