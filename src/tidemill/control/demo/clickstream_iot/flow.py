"""The clickstream demo from beginning to end, one step per function.

Guarantees: whatever ends it, no process is left behind unless `keep` was asked for, and nothing is
lost: topics say what has been sent, Debezium and the pipeline go on where they stopped. The
verification is over all messages of all runs in the folder.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

from tidemill.control.connectors import Connect, register
from tidemill.control.demo.clickstream_iot.feed import Feed, minutes_for
from tidemill.control.demo.clickstream_iot.generate import PER_MINUTE
from tidemill.control.demo.clickstream_iot.text import next_steps, sections
from tidemill.control.demo.clickstream_iot.verify import Batch, Due, written_topics
from tidemill.control.demo.model import (
    Comparison,
    DemoOutcome,
    DemoRequest,
    ProgressEvent,
    Reporter,
    Section,
)
from tidemill.control.demo.pipeline import PipelineThread
from tidemill.control.demo.postgres import Asker, connect
from tidemill.control.demo.workspace import DemoRun, demo_run
from tidemill.control.topics import Cluster, create_topic, list_topics
from tidemill.engine import Progress

EXAMPLE = "clickstream_iot"
PIPELINE = "clickstream_iot"
ROWS = 20_000
KINESIS, COMPARE = "kinesis", "compare"
CHANGES = "iot.public.devices"
TOPICS = (
    "device_readings", "clicks", CHANGES, "readings_enriched", "readings_per_minute",
    "click_responses", "latency_in",
)  # fmt: skip
MINUTES = "minutes.json"
"""In the state folder: up to which minute earlier runs were brought through, and were right."""
QUIET_S, TICK_S = 30.0, 0.2


def run_clickstream_iot(request: DemoRequest, reporter: Reporter) -> DemoOutcome:
    """Run the demo; Ctrl-C gives an outcome that is `interrupted`, any failure raises."""
    with demo_run(request, reporter) as run:
        try:
            run.start_servers()
            _prepare(run)
            minutes = _minutes_done(run) + minutes_for(request.rows or ROWS, PER_MINUTE)
            batch = _stream(run, minutes)
            with run.step("verify", "everything again, in one batch over the topics"):
                comparisons = batch.verify(PIPELINE, written_topics(run.folder))
            if not any(c.differences for c in comparisons):
                (run.state_dir / MINUTES).write_text(json.dumps(minutes))
            return _outcome(run, batch, comparisons)
        except KeyboardInterrupt:
            return DemoOutcome(EXAMPLE, run.folder, True, run.seconds)


def _prepare(run: DemoRun) -> None:
    with run.step("tables", "devices, readings_per_minute, user_sessions, and the topics"):
        with connect(run.endpoint("postgres")) as connection:
            connection.execute((run.folder / "sql" / "tables.sql").read_bytes())
        cluster = Cluster(run.folder)
        there = {topic.name for topic in list_topics(cluster)}
        for topic in TOPICS:
            if topic not in there:
                create_topic(cluster, topic, partitions=1, replication=1, settings={})
    with run.step("connector", "devices-cdc.json"):
        register(Connect(run.folder), run.folder / "connectors" / "devices-cdc.json")


def _stream(run: DemoRun, minutes: int) -> Batch:
    pipeline = PipelineThread(run.folder, PIPELINE)
    asker = Asker(run.endpoint("postgres"))
    try:
        with run.step("stream", f"{minutes:,} minutes of readings, clicks and changes of devices"):
            pipeline.start()
            with connect(run.endpoint("postgres"), autocommit=True) as database:
                feed = Feed(Cluster(run.folder), database, run.request.rate)

                def chunk_done(minute: int) -> None:
                    if pipeline.error is not None:
                        raise pipeline.error
                    _report(run, pipeline.progress(), sum(feed.sent.values()))

                feed.run(run.request.seed, minutes, chunk_done)
            batch = _until_through(run, pipeline, asker)
            pipeline.stop()
            if pipeline.error is not None:
                raise pipeline.error
            return batch
    finally:
        asker.close()
        pipeline.stop()


def _until_through(run: DemoRun, pipeline: PipelineThread, asker: Asker) -> Batch:
    """Wait until all that is due has come out, or nothing has moved for long enough."""
    batch, due = Batch(run.folder), None
    moved_at, before = time.monotonic(), -1
    while True:
        if pipeline.error is not None:
            raise pipeline.error
        now = pipeline.progress()
        if now is not None and now.rows_in + now.rows_out != before:
            before, moved_at = now.rows_in + now.rows_out, time.monotonic()
            _report(run, now, now.rows_in)
        quiet_s = time.monotonic() - moved_at
        if now is not None and quiet_s > 1.0:
            if due is None:  # the last changes of devices have come through Debezium by now
                batch = Batch(run.folder)
                due = batch.due()
            if through(due, now, asker):
                return batch
        if quiet_s > QUIET_S:
            return Batch(run.folder)  # what is missing is found and shown by the verification
        time.sleep(TICK_S)


def through(due: Due, now: Progress, asker: Asker, suffix: bytes = b"") -> bool:
    """Whether all rows that are due have come out of a pipeline."""
    out = now.counters
    return (
        out.get("sink.readings_enriched.out", 0) >= due.enriched
        and out.get("sink.responses_out.out", 0) >= due.responses
        and _asked(asker, b"count(*)", b"readings_per_minute" + suffix) >= due.minutes
        and _asked(asker, b"count(*)", b"user_sessions" + suffix) >= due.sessions
        and _asked(asker, b"sum(clicks)", b"etl_metrics" + suffix) >= due.clicks
    )


def _asked(asker: Asker, what: bytes, table: bytes) -> int:
    return int(asker.one(b"SELECT " + what + b" FROM public." + table) or 0)


def _report(run: DemoRun, now: Progress | None, sent: int) -> None:
    if now is None:
        return
    marks = [mark for mark in now.watermarks_us.values() if mark is not None]
    run.reporter(
        ProgressEvent(
            inserted=sent,
            inserted_target=sent,
            rows_in=now.rows_in,
            rows_out=now.rows_out,
            filtered=now.filtered,
            late=now.late,
            rejected=now.dead_letters,
            lag=now.lag,
            watermark=datetime.fromtimestamp(min(marks) / 1e6, UTC) if marks else None,
            rows_per_s=now.rows_in_per_s,
            seconds=run.seconds,
        )
    )


def _minutes_done(run: DemoRun) -> int:
    file = run.state_dir / MINUTES
    return int(json.loads(file.read_text())) if file.is_file() else 0


def _outcome(run: DemoRun, batch: Batch, comparisons: tuple[Comparison, ...]) -> DemoOutcome:
    facts = dict(batch.facts(PIPELINE))
    shown = [Section(*section) for section in sections(facts)]
    if KINESIS in run.request.options:
        from tidemill.control.demo.clickstream_iot.kinesis import run_on_kinesis  # noqa: PLC0415

        comparisons += run_on_kinesis(run, batch)
    if COMPARE in run.request.options:
        from tidemill.control.demo.clickstream_iot.compare import compare_engines  # noqa: PLC0415

        facts["latency"], chart = compare_engines(run)
        shown.append(Section("latency from topic to topic, in milliseconds", chart))
    return DemoOutcome(
        EXAMPLE, run.folder, False, run.seconds, comparisons, tuple(shown), facts,
        next_steps(run.folder), run.request.keep,
    )  # fmt: skip
