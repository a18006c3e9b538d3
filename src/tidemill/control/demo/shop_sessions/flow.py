"""The shop demo from beginning to end, one step per function.

Guarantees: whatever ends it, no process is left behind unless `keep` was asked for, and nothing is
lost: objects are written again under the same keys, copied where they are missing, announced once,
and read once by the pipelines, which go on where they stopped.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tidemill.control.demo.model import (
    DemoOutcome,
    DemoRequest,
    ProgressEvent,
    Reporter,
    Section,
)
from tidemill.control.demo.pipeline import PipelineThread
from tidemill.control.demo.postgres import Asker, connect
from tidemill.control.demo.shop_sessions.objects import Shop, put_objects, rows_of
from tidemill.control.demo.shop_sessions.text import sections
from tidemill.control.demo.shop_sessions.verify import KINDS, Batch, ShopResults
from tidemill.control.demo.workspace import DemoRun, demo_run
from tidemill.control.lake.copy import copy_objects
from tidemill.control.lake.objects import get_objects, list_objects
from tidemill.control.lake.watch import watch
from tidemill.control.run import run as run_pipeline
from tidemill.control.topics import Cluster, create_topic, list_topics
from tidemill.errors import EngineError, ServiceError, TidemillError, Where

EXAMPLE = "shop_sessions"
ROWS = 20_000
SPARK = "spark"
STREAMS = ("shop_sessions", "purchase_model")
TOPICS = ("training_data_streaming", "testing_data_streaming", "purchase_predictions")
PARTS = "parts.json"
"""In the state folder: how many live parts earlier runs have brought through."""
QUIET_S = 30.0
TICK_S = 0.2
_SESSIONS = b"SELECT count(*) FROM public.processed_data"


def run_shop_sessions(request: DemoRequest, reporter: Reporter) -> DemoOutcome:
    """Run the demo; Ctrl-C gives an outcome that is `interrupted`, any failure raises."""
    with demo_run(request, reporter, ("data", "models")) as run:
        try:
            run.start_servers()
            shop = Shop(request.seed, request.rows or ROWS)
            part = _parts_done(run)
            _prepare(run)
            _history(run, shop)
            _train(run)
            with _watching(run):
                batch = _stream(run, shop, part)
            with run.step("verify", "everything again, in one batch over the objects"):
                results = batch.verify()
            outcome = _outcome(run, results)
            if outcome.ok:
                _parts_file(run).write_text(json.dumps(part + 1))
            return outcome
        except KeyboardInterrupt:
            return DemoOutcome(EXAMPLE, run.folder, True, run.seconds)


def _prepare(run: DemoRun) -> None:
    with run.step("tables", "processed_data, arrivals, and the topics"):
        with connect(run.endpoint("postgres")) as connection:
            connection.execute((run.folder / "sql" / "tables.sql").read_bytes())
        cluster = Cluster(run.folder)
        there = {topic.name for topic in list_topics(cluster)}
        for topic in TOPICS:
            if topic not in there:
                create_topic(cluster, topic, partitions=1, replication=1, settings={})


def _history(run: DemoRun, shop: Shop) -> None:
    with run.step("history", f"{shop.days} days of hourly Parquet files, storage to bronze"):
        put_objects(run.folder, list(shop.history()))
        copy_objects("s3://storage/training_data/", "s3://bronze/training_data/", run.folder)


def _train(run: DemoRun) -> None:
    model = run.folder / "models" / "purchase.json"
    if model.is_file():
        run.note("the model of an earlier run stands in models/purchase.json")
        return
    spark = SPARK in run.request.options
    with run.step("training set", "by Spark" if spark else "by DuckDB"):
        if spark:
            from tidemill.control.run_spark import run_spark  # noqa: PLC0415 - loaded when used

            history = run.folder / "data" / "history"
            get_objects("s3://bronze/training_data/", history, run.folder)
            run_spark(
                "training_set",
                run.folder,
                variables={"history": "data/history"},
                progress=run.reporter,
            )
        else:
            run_pipeline("training_set", run.folder)
    with run.step("model", "train.py"):
        command = [sys.executable, "train.py", "data/training_set", "models/purchase.json"]
        done = subprocess.run(command, cwd=run.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise EngineError(
                "train.py failed",
                code="demo.program-failed",
                where=Where(file=str(run.folder / "train.py")),
                detail=done.stderr.strip(),
                hint="Did you change it? It also runs alone: " + " ".join(command[1:]),
            )
    found = json.loads(model.read_text())
    run.note(
        f"learned from {found['rows']:,} carts, {found['bought']:,} of them bought;"
        f" AUC on what was kept back {found['auc_held_back']}"
    )


@contextlib.contextmanager
def _watching(run: DemoRun) -> Iterator[None]:
    """Tell Kafka what arrives in bronze, by two watchers in threads of their own."""
    stopping = threading.Event()
    errors: list[TidemillError] = []

    def tell(kind: str) -> None:
        try:
            topic = f"{kind}_streaming"
            watch(f"s3://bronze/{kind}/", topic, run.folder, interval_s=2.0, stopping=stopping)
        except TidemillError as error:
            errors.append(error)

    threads = [threading.Thread(target=tell, args=(kind,), name=f"watch-{kind}") for kind in KINDS]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


def _stream(run: DemoRun, shop: Shop, part: int) -> Batch:
    pipelines = [PipelineThread(run.folder, name) for name in STREAMS]
    asker = Asker(run.endpoint("postgres"))
    try:
        with run.step("stream", "objects to sessions, carts to predictions"):
            for pipeline in pipelines:
                pipeline.start()
            there = _rows_there(run)
            _until_read(pipelines, there)
            for hour, objects in shop.live(part):
                put_objects(run.folder, objects)
                there += _copied_rows(run, dict(objects))
                run.note(f"{hour:%d %b %H}h: {len(objects):,} objects, storage to bronze")
                _until_read(pipelines, there)
            batch = Batch(run.folder)
            _until_through(run, pipelines, asker, batch)
            for pipeline in pipelines:
                pipeline.stop()
            _raise_errors(pipelines)
            return batch
    finally:
        asker.close()
        for pipeline in pipelines:
            pipeline.stop()


def _rows_there(run: DemoRun) -> Counter[str]:
    """How many events the objects of the bucket hold, by kind."""
    from tidemill.control.lake.query import query_lake  # noqa: PLC0415 - loaded when used

    query = "SELECT count(*) AS n FROM 's3://bronze/training_data/**/*.parquet'"
    training = int(str(query_lake(query, run.folder).table["n"][0].as_py()))
    testing = sum(1 for _ in list_objects("s3://bronze/testing_data/", run.folder))
    return Counter({"training_data": training, "testing_data": testing})


def _copied_rows(run: DemoRun, objects: Mapping[str, bytes]) -> Counter[str]:
    """Copy what is new; how many events came with it, by kind."""
    rows: Counter[str] = Counter()
    for kind in KINDS:
        for copied in copy_objects(f"s3://storage/{kind}/", f"s3://bronze/{kind}/", run.folder):
            content = objects.get(copied.url.removeprefix("s3://bronze/"))
            if copied.outcome == "copied" and content is not None:
                rows[kind] += rows_of(content) if kind == "training_data" else 1
    return rows


def _until_read(pipelines: list[PipelineThread], there: Mapping[str, int]) -> None:
    """Wait until the pipeline has read so many events of each kind.

    So both sources stand in the same hour, and who is late does not hang on which is the faster.
    """
    limit, before = time.monotonic() + QUIET_S, -1
    while True:
        _raise_errors(pipelines)
        now = pipelines[0].progress()
        counted = {} if now is None else now.counters
        read = {
            kind: sum(n for key, n in counted.items() if key.endswith(f"{kind}.records"))
            for kind in there
        }
        if all(read[kind] >= rows for kind, rows in there.items()):
            return
        if sum(read.values()) != before:
            before, limit = sum(read.values()), time.monotonic() + QUIET_S
        if time.monotonic() > limit:
            raise _stuck(f"of {dict(there)} events the pipeline has read {read}")
        time.sleep(TICK_S)


def _until_through(
    run: DemoRun, pipelines: list[PipelineThread], asker: Asker, batch: Batch
) -> None:
    """Wait until all that is due has come out, or nothing has moved for long enough."""
    sessions = -1
    before: tuple[tuple[int, int, int], ...] = ()
    moved_at, due = time.monotonic(), (0, 0)
    while True:
        _raise_errors(pipelines)
        states = [pipeline.progress() for pipeline in pipelines]
        now = tuple((s.rows_in, s.rows_out, s.late) for s in states if s is not None)
        sessions = int(asker.one(_SESSIONS) or 0)
        if now != before:
            before, moved_at = now, time.monotonic()
            _report(run, pipelines, sessions)
        quiet_s = time.monotonic() - moved_at
        if quiet_s > 1.0:
            due = due if any(due) else batch.due()
            out = states[1].rows_out if states[1] is not None else 0
            if sessions >= due[0] and out >= due[1]:
                return
        if quiet_s > QUIET_S:
            return  # what is missing is found and shown by the verification
        time.sleep(TICK_S)


def _report(run: DemoRun, pipelines: list[PipelineThread], sessions: int) -> None:
    states = [s for s in (pipeline.progress() for pipeline in pipelines) if s is not None]
    marks = [m for s in states for m in s.watermarks_us.values() if m is not None]
    run.reporter(
        ProgressEvent(
            inserted=sum(s.rows_in for s in states),
            inserted_target=sum(s.rows_in for s in states),
            rows_in=sum(s.rows_in for s in states),
            rows_out=sessions,
            filtered=sum(s.filtered for s in states),
            late=sum(s.late for s in states),
            rejected=sum(s.dead_letters for s in states),
            lag=None,
            watermark=datetime.fromtimestamp(max(marks) / 1e6, UTC) if marks else None,
            rows_per_s=sum(s.rows_in_per_s for s in states),
            seconds=run.seconds,
        )
    )


def _raise_errors(pipelines: list[PipelineThread]) -> None:
    for pipeline in pipelines:
        if pipeline.error is not None:
            raise pipeline.error


def _stuck(message: str) -> ServiceError:
    return ServiceError(
        message, code="demo.stuck", hint="Look at it: tidemill logs, in the demo's folder."
    )


def _parts_file(run: DemoRun) -> Path:
    return run.state_dir / PARTS


def _parts_done(run: DemoRun) -> int:
    file = _parts_file(run)
    return int(json.loads(file.read_text())) if file.is_file() else 0


def _outcome(run: DemoRun, results: ShopResults) -> DemoOutcome:
    kept = run.request.keep
    return DemoOutcome(
        EXAMPLE, run.folder, False, run.seconds, results.comparisons,
        tuple(Section(*s) for s in sections(results)), results.facts, _next_steps(run.folder), kept,
    )  # fmt: skip


def _next_steps(folder: Path) -> tuple[str, ...]:
    return (
        "tidemill demo shop_sessions          again: the next six hours of visits",
        "tidemill demo shop_sessions --keep   leave the servers up; then:",
        f"  cd {folder}",
        "  tidemill topic read testing_data_streaming --limit 1",
        "  tidemill lake query \"SELECT * FROM 's3://lake/processed_data/**/*.parquet' LIMIT 5\"",
        "  tidemill run shop_sessions         the pipeline, live; edit pipelines/ first",
        "  tidemill down                      stop everything",
    )
