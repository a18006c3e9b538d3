"""The NYC taxi demo from beginning to end, one step per function.

Guarantees: whatever ends it (the end, an error, Ctrl-C, a kill), no process is left behind unless
`keep` was asked for, and nothing is lost: rows and their count commit together, the connector and
the pipeline go on where they stopped. The verification is over all rows of all runs in the folder.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa

from tidemill.control.connectors import Connect, register
from tidemill.control.demo.folder import (
    copy_example,
    demo_folder,
    find_example,
    locked,
    set_variables,
)
from tidemill.control.demo.model import DemoRequest, DemoResult, Reporter, StepEvent
from tidemill.control.demo.nyc_taxi.load import Loader
from tidemill.control.demo.nyc_taxi.parts import Part, plan_file, plan_generated, trips_of_part
from tidemill.control.demo.nyc_taxi.results import last_hours, top_zones
from tidemill.control.demo.nyc_taxi.tables import CLEAN, WINDOWS, create_tables, create_topics
from tidemill.control.demo.nyc_taxi.tlc_file import month_of, read_trips
from tidemill.control.demo.nyc_taxi.verify import Counted, Outputs, Verification, verify
from tidemill.control.demo.nyc_taxi.watch import Watch
from tidemill.control.demo.pipeline import PipelineThread
from tidemill.control.demo.postgres import Asker, connect
from tidemill.control.down import down
from tidemill.control.topics import Cluster, read_topic
from tidemill.control.up import up
from tidemill.errors import ServiceError, Where
from tidemill.interfaces.service import Endpoint
from tidemill.project import load_project
from tidemill.records import dataclass
from tidemill.services import running_endpoints

PIPELINE = "nyc_taxi"
SERVERS = ("postgres", "kafka", "connect")
SLOT_WAIT_S = 60.0
ROWS = 50_000
"""Trips of one run, where the request does not say."""
_SLOT_ACTIVE = b"SELECT active FROM pg_replication_slots WHERE slot_name = 'nyc_taxi'"


@dataclass
class Run:
    """What the steps of one run hand to each other."""

    request: DemoRequest
    reporter: Reporter
    folder: Path
    trips: pa.Table | None
    begun_at: float = field(default_factory=time.monotonic)
    postgres: Endpoint | None = None
    loader: Loader | None = None
    rows_before: int = 0
    watch: Watch | None = None

    @contextlib.contextmanager
    def step(self, name: str, detail: str = "") -> Iterator[None]:
        """Report a step's begin and, if it ends well, its time."""
        begun_at = time.monotonic()
        self.reporter(StepEvent(name, detail))
        yield
        self.reporter(StepEvent(name, detail, time.monotonic() - begun_at))

    @property
    def database(self) -> Endpoint:
        """The running Postgres."""
        if self.postgres is None:
            raise AssertionError("the servers have not been started")
        return self.postgres


def run_nyc_taxi(request: DemoRequest, reporter: Reporter) -> DemoResult:
    """Run the demo; Ctrl-C gives a result that is `interrupted`, any failure raises."""
    begun_at = time.monotonic()
    example = find_example(PIPELINE)
    # A wrong input file must show before any server is started.
    trips = None if request.input is None else read_trips(request.input)
    folder = demo_folder(request.base, PIPELINE, request.input)
    copy_example(example, folder)
    with locked(folder):
        if request.fresh:
            _forget(folder)
        if trips is not None:
            first, end = month_of(trips)
            set_variables(folder, {"trips_from": str(first), "trips_to": str(end)})
        run = Run(request, reporter, folder, trips, begun_at)
        ended = False
        try:
            _start_servers(run)
            _prepare(run)
            verification = _stream(run)
            result = _result(run, verification)
            ended = True
        except KeyboardInterrupt:
            result = _interrupted(run)
        finally:
            # The supervisor ends with this process in any case; this waits for an orderly stop.
            if not (request.keep and ended):
                _stop_servers(run)
    return result


def _start_servers(run: Run) -> None:
    state_dir = load_project(run.folder).state_dir
    up(state_dir, SERVERS, progress=run.reporter, tie_to_caller=not run.request.keep)
    run.postgres = running_endpoints(state_dir)["postgres"]


def _stop_servers(run: Run) -> None:
    with run.step("stop", "all servers"):
        if run.loader is not None:
            run.loader.stop()
        down(load_project(run.folder).state_dir)


def _prepare(run: Run) -> None:
    with run.step("tables", "public.nyc_taxi, zone_window, and the topics"):
        with connect(run.database) as connection:
            create_tables(connection, run.folder)
            part = _plan(run, connection)
        create_topics(run.folder)
    with run.step("connector", "postgresql-cdc.json"):
        register(Connect(run.folder), run.folder / "connectors" / "postgresql-cdc.json")
        _wait_for_slot(run)
    if part is None or part.rows_loaded >= part.rows_total:
        run.reporter(StepEvent("", "all trips of the file are loaded already"))
        return
    trips = run.trips
    if trips is None:
        trips = trips_of_part(part, run.request.seed, run.folder / "data" / "generated")
    run.rows_before = part.rows_loaded
    run.loader = Loader(run.database, part, trips, rate=run.request.rate)


def _plan(run: Run, connection: psycopg.Connection[Any]) -> Part | None:
    if run.request.input is not None and run.trips is not None:
        return plan_file(connection, run.request.input, run.trips.num_rows)
    return plan_generated(connection, run.request.rows or ROWS, run.request.seed)


def _wait_for_slot(run: Run) -> None:
    """Rows inserted before the connector streams would come through its snapshot.

    A snapshot that is interrupted begins again and repeats rows; what is streamed never does.
    """
    asker = Asker(run.database)
    limit = time.monotonic() + SLOT_WAIT_S
    try:
        while not asker.one(_SLOT_ACTIVE):
            if time.monotonic() > limit:
                raise ServiceError(
                    f"the connector did not begin to stream within {SLOT_WAIT_S:.0f} s",
                    code="demo.connector-failed",
                    where=Where(server="connect"),
                    hint="Look at it: tidemill logs connect",
                )
            time.sleep(0.1)
    finally:
        asker.close()


def _stream(run: Run) -> Verification:
    pipeline = PipelineThread(run.folder, PIPELINE)
    asker = Asker(run.database)
    try:
        with run.step("stream", "Postgres to Kafka to windows"):
            run.watch = Watch(run.folder, asker, run.loader, pipeline, run.reporter, run.begun_at)
            pipeline.start()
            if run.loader is not None:
                run.loader.start()
            run.watch.until_all_through()
            pipeline.stop()
            if pipeline.error is not None:
                raise pipeline.error
            run.watch.look_for_window()
        with run.step("verify", "every row, every window, against SQL over the table"):
            return _verify(run, pipeline)
    finally:
        asker.close()
        if run.loader is not None:
            run.loader.stop()
        pipeline.stop()


def _verify(run: Run, pipeline: PipelineThread) -> Verification:
    progress = pipeline.progress()
    counted = None
    if progress is not None:
        counted = Counted(
            rows_in=progress.rows_in,
            clean_out=progress.counters.get("sink.clean_topic.out", 0),
            windows_out=progress.counters.get("sink.zone_window.out", 0),
            late=progress.late,
            dead_letters=progress.dead_letters,
        )
    cluster = Cluster(run.folder)
    outputs = Outputs(
        (r.value for r in read_topic(cluster, CLEAN) if r.value is not None),
        (r.value for r in read_topic(cluster, WINDOWS) if r.value is not None),
    )
    variables = {k: str(v) for k, v in load_project(run.folder).settings.variables.items()}
    with connect(run.database) as connection:
        script = run.folder / "sql" / "verify.sql"
        return verify(connection, script, variables, outputs, counted)


def _result(run: Run, verification: Verification | None) -> DemoResult:
    with connect(run.database) as connection:
        zones, hours = top_zones(connection), last_hours(connection)
    return DemoResult(
        example=PIPELINE,
        folder=run.folder,
        interrupted=False,
        rows_new=run.loader.rows_loaded - run.rows_before if run.loader else 0,
        seconds=time.monotonic() - run.begun_at,
        first_window_s=run.watch.first_window_s if run.watch else None,
        rows_per_s=run.watch.rows_per_s if run.watch else 0.0,
        top_zones=zones,
        hours=hours,
        verification=verification,
        kept_running=run.request.keep,
    )


def _interrupted(run: Run) -> DemoResult:
    return DemoResult(
        example=PIPELINE,
        folder=run.folder,
        interrupted=True,
        rows_new=run.loader.rows_loaded - run.rows_before if run.loader else 0,
        seconds=time.monotonic() - run.begun_at,
        first_window_s=run.watch.first_window_s if run.watch else None,
        rows_per_s=run.watch.rows_per_s if run.watch else 0.0,
    )


def _forget(folder: Path) -> None:
    """Stop what runs in the folder and throw away its data; the user's files stay."""
    state_dir = load_project(folder).state_dir
    down(state_dir)
    for path in (state_dir, folder / "data" / "generated"):
        shutil.rmtree(path, ignore_errors=True)
