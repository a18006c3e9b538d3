"""OpenLineage events of a run: what a pipeline reads and writes, and of what each column is made.

On request (`observe: {openlineage: ...}`): START, RUNNING once a minute, and COMPLETE or FAIL. All
are of one run, from this start of the process to its end; the job is a streaming one unless all its
input is bounded. A schema and a column's lineage come from the plan; a dataset is named by
OpenLineage's rules. Guarantee: nobody waits for the receiver; an event that cannot be delivered is
logged and dropped. The text of the pipeline is sent as it was written, so without its secrets.
"""

from __future__ import annotations

import logging
import queue
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tidemill.control.pipeline import opened
from tidemill.errors import UserError
from tidemill.records import dataclass
from tidemill.sql.column_lineage import ColumnLineage, Direct
from tidemill.version import __version__

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent
    from openlineage.client.facet_v2 import (
        DatasetFacet,
        InputDatasetFacet,
        JobFacet,
        OutputDatasetFacet,
        RunFacet,
        column_lineage_dataset,
    )

    from tidemill.control.pipeline import CompiledPipeline
    from tidemill.engine import Engine
    from tidemill.model import TableDescriptor
    from tidemill.project import Project

PRODUCER = f"tidemill/{__version__}"
EVERY_S = 60.0
_END_WITHIN_S = 5.0
_POSTGRES_PORT = 5432
_log = logging.getLogger("tidemill.control.openlineage")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset by its name in OpenLineage, with the table that stands for it."""

    namespace: str
    name: str
    table: TableDescriptor


def dataset_of(table: TableDescriptor) -> Dataset:
    """The dataset behind a table whose options are plain."""
    options = table.options
    connector = options.get("connector", "")
    match connector:
        case "kafka" | "upsert-kafka":
            servers = options.get("properties.bootstrap.servers", "").split(",")[0].strip()
            place = (f"kafka://{servers}", options.get("topic", table.name))
        case "jdbc":
            place = _database(options, table.name)
        case "filesystem" | "iceberg" | "delta":
            place = _files(options.get("path") or options.get("warehouse") or table.name)
        case "redis":
            host = f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
            place = (f"redis://{host}", table.name)
        case _:
            place = (connector or "table", table.name)
    return Dataset(*place, table)


def _database(options: Mapping[str, str], table: str) -> tuple[str, str]:
    parts = urlsplit(options.get("url", "").removeprefix("jdbc:"))
    name = options.get("table-name", table).replace('"', "")
    full = name if "." in name else f"public.{name}"
    server = f"{parts.scheme}://{parts.hostname}:{parts.port or _POSTGRES_PORT}"
    return server.replace("postgresql", "postgres"), f"{parts.path.lstrip('/')}.{full}"


def _files(path: str) -> tuple[str, str]:
    parts = urlsplit(path)
    if parts.scheme in ("s3", "s3a"):
        return f"s3://{parts.netloc}", parts.path.strip("/")
    return "file", path.removeprefix("file://")


class LineageOfRun:
    """The events of one run of a compiled pipeline."""

    def __init__(self, project: Project, pipeline: str, compiled: CompiledPipeline) -> None:
        def settled(table: TableDescriptor) -> Dataset:
            return dataset_of(opened(table, compiled.source, project.root))

        self._job = (project.name, pipeline)
        self._run = str(uuid.uuid4())
        self._compiled = compiled
        plan, inserts = compiled.plan, compiled.script.inserts
        self._reads = {s.table.name: settled(s.table) for s in plan.sources if s.values is None}
        for operator in plan.operators:
            looked_up = getattr(operator, "table", None)
            if looked_up is not None and hasattr(looked_up, "options"):
                self._reads[looked_up.name] = settled(looked_up)
        self._writes = {i.sink.name: settled(i.sink) for i in inserts if not i.collects}

    def event(
        self, kind: str, counts: Mapping[str, int] | None = None, error: str | None = None
    ) -> RunEvent:
        """One event; `kind` is START, RUNNING, COMPLETE or FAIL."""
        from openlineage.client import event_v2 as ol  # noqa: PLC0415 - an extra
        from openlineage.client.facet_v2 import (  # noqa: PLC0415
            error_message_run,
            job_type_job,
            processing_engine_run,
            sql_job,
        )

        bounded = self._compiled.plan.bounded
        job: dict[str, JobFacet] = {
            "jobType": job_type_job.JobTypeJobFacet(
                "BATCH" if bounded else "STREAMING", "TIDEMILL", "JOB", producer=PRODUCER
            ),
            "sql": sql_job.SQLJobFacet(self._compiled.source.shown, "flink", producer=PRODUCER),
        }
        run: dict[str, RunFacet] = {
            "processing_engine": processing_engine_run.ProcessingEngineRunFacet(
                __version__, "tidemill", __version__, producer=PRODUCER
            )
        }
        if error is not None:
            run["errorMessage"] = error_message_run.ErrorMessageRunFacet(
                error, "PYTHON", producer=PRODUCER
            )
        return ol.RunEvent(
            eventType=ol.RunState[kind],
            eventTime=datetime.now(UTC).isoformat(),
            run=ol.Run(self._run, run),
            job=ol.Job(*self._job, job),
            inputs=[self._input(ol, name, counts or {}) for name in self._reads],
            outputs=[self._output(ol, name, counts or {}) for name in self._writes],
            producer=PRODUCER,
        )

    def _input(self, ol: Any, name: str, counts: Mapping[str, int]) -> Any:
        from openlineage.client.facet_v2 import (  # noqa: PLC0415
            input_statistics_input_dataset as statistics,
        )

        one = self._reads[name]
        facets: dict[str, InputDatasetFacet] = {}
        rows = counts.get(f"source.{name}.rows")
        if rows is not None:
            facets["inputStatistics"] = statistics.InputStatisticsInputDatasetFacet(
                rowCount=rows, producer=PRODUCER
            )
        return ol.InputDataset(one.namespace, one.name, facets, facets=self._schema(one))

    def _output(self, ol: Any, name: str, counts: Mapping[str, int]) -> Any:
        from openlineage.client.facet_v2 import (  # noqa: PLC0415
            output_statistics_output_dataset as statistics,
        )

        one = self._writes[name]
        facets: dict[str, OutputDatasetFacet] = {}
        rows = counts.get(f"sink.{name}.out")
        if rows is not None:
            facets["outputStatistics"] = statistics.OutputStatisticsOutputDatasetFacet(
                rowCount=rows, producer=PRODUCER
            )
        more = {**self._schema(one), "columnLineage": self._columns(name)}
        return ol.OutputDataset(one.namespace, one.name, facets, facets=more)

    def _schema(self, one: Dataset) -> dict[str, DatasetFacet]:
        from openlineage.client.facet_v2 import schema_dataset  # noqa: PLC0415

        fields = [
            schema_dataset.SchemaDatasetFacetFields(column.name, str(column.type))
            for column in one.table.schema.columns
        ]
        return {"schema": schema_dataset.SchemaDatasetFacet(fields, producer=PRODUCER)}

    def _columns(self, sink: str) -> DatasetFacet:
        """Of what each column is made, over all INSERTs into the table."""
        from openlineage.client.facet_v2 import column_lineage_dataset as facet  # noqa: PLC0415

        lineage = ColumnLineage()
        fields: dict[str, dict[tuple[str, str], column_lineage_dataset.InputField]] = {}
        decides: dict[tuple[str, str], column_lineage_dataset.InputField] = {}
        for insert in self._compiled.script.inserts:
            if insert.sink.name != sink:
                continue
            origins = lineage.fields(insert.query)
            for column, made in zip(insert.sink.schema.columns, origins, strict=False):
                into = fields.setdefault(column.name, {})
                for origin, how in made.items():
                    self._add(facet, into, origin, "DIRECT", Direct(how).name)
            for origin, ways in lineage.decides(insert.query).items():
                for way in sorted(ways):
                    self._add(facet, decides, origin, "INDIRECT", way)
        return facet.ColumnLineageDatasetFacet(
            {name: facet.Fields(list(found.values())) for name, found in fields.items()},
            list(decides.values()),
            producer=PRODUCER,
        )

    def _add(
        self, facet: Any, into: dict[tuple[str, str], Any], origin: tuple[str, str],
        kind: str, how: str,
    ) -> None:  # fmt: skip
        table, column = origin
        dataset = self._reads.get(table)
        if dataset is None:
            return  # made of rows in the text (VALUES)
        held = into.setdefault(
            origin, facet.InputField(dataset.namespace, dataset.name, column, [])
        )
        held.transformations.append(facet.Transformation(kind, how))


@contextmanager
def lineage_events(
    project: Project, pipeline: str, compiled: CompiledPipeline, engine: Engine
) -> Iterator[None]:
    """Send the events of a run while the block runs; nothing where none are wanted."""
    where = project.settings.observe.openlineage
    if where is None:
        yield
        return
    sender = _Sender(_client(project, where))
    run = LineageOfRun(project, pipeline, compiled)
    ended = threading.Event()

    def while_running() -> None:
        while not ended.wait(EVERY_S):
            sender.send(run.event("RUNNING", engine.progress().counters))

    sender.send(run.event("START"))
    threading.Thread(target=while_running, name="openlineage-running", daemon=True).start()
    try:
        yield
    except BaseException as error:
        ended.set()
        sender.send(run.event("FAIL", engine.progress().counters, str(error)))
        raise
    else:
        ended.set()
        sender.send(run.event("COMPLETE", engine.progress().counters))
    finally:
        sender.close()


def _client(project: Project, where: str) -> Any:
    try:
        from openlineage.client import OpenLineageClient  # noqa: PLC0415 - an extra
    except ImportError:
        raise UserError(
            "OpenLineage events need packages that are not installed",
            code="project.not-installed",
            hint="Install them: pip install 'tidemill[openlineage]'",
        ) from None
    if where == "environment":
        return OpenLineageClient()
    if where.startswith("file:"):
        path = project.root / where.removeprefix("file:")
        return OpenLineageClient(
            config={"transport": {"type": "file", "log_file_path": str(path), "append": True}}
        )
    return OpenLineageClient(
        config={"transport": {"type": "http", "url": where, "timeout": _END_WITHIN_S}}
    )


class _Sender:
    """Delivers events from a thread of its own, in their order."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._waiting: queue.Queue[RunEvent | None] = queue.Queue(100)
        self._thread = threading.Thread(target=self._loop, name="openlineage", daemon=True)
        self._thread.start()

    def send(self, event: RunEvent) -> None:
        """Hand an event over; dropped where a hundred wait already."""
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            _log.warning("an OpenLineage event was dropped: the receiver is too slow")

    def close(self) -> None:
        """Wait for the last events, for a few seconds at most."""
        self._waiting.put(None)
        self._thread.join(_END_WITHIN_S)

    def _loop(self) -> None:
        while (event := self._waiting.get()) is not None:
            try:
                self._client.emit(event)
            except Exception as error:
                # Whatever the receiver or its client does, the pipeline goes on.
                _log.warning("an OpenLineage event was not delivered: %s", error)
