"""The same pipeline on Kinesis: moto's server in this process, fed with the recorded messages.

Guarantees: the streams get the messages of the topics, in their order, so the results must be the
same. Non-guarantees: the streams are in memory and gone at the end, so each run begins anew; and
this is the emulation, not AWS.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from tidemill.connectors.kinesis.client import make_client
from tidemill.connectors.kinesis.options import parse
from tidemill.control.demo.clickstream_iot.verify import Batch, rows_of_stream
from tidemill.control.demo.folder import set_variables
from tidemill.control.demo.model import Comparison
from tidemill.control.demo.pipeline import PipelineThread
from tidemill.control.demo.postgres import Asker, connect
from tidemill.control.demo.workspace import DemoRun
from tidemill.control.pipeline import compile_pipeline, opened
from tidemill.control.topics import Cluster, read_topic
from tidemill.errors import UserError
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.project import load_project

PIPELINE = "clickstream_iot_kinesis"
INPUTS = ("device_readings", "clicks")
OUTPUTS = ("readings_enriched", "readings_per_minute", "click_responses")
QUIET_S, TICK_S = 60.0, 0.2
_PUT_MAX, _GET_MAX = 500, 10_000
_KEYS = {"AWS_ACCESS_KEY_ID": "emulated", "AWS_SECRET_ACCESS_KEY": "emulated"}
_BEGIN_ANEW = (
    b"TRUNCATE public.readings_per_minute_kinesis, public.user_sessions_kinesis,"
    b" public.etl_metrics_kinesis",
    b"DELETE FROM tidemill_epochs WHERE job = 'clickstream_iot.clickstream_iot_kinesis'",
)


def run_on_kinesis(run: DemoRun, batch: Batch) -> tuple[Comparison, ...]:
    """Run the pipeline on Kinesis over the recorded messages, and compare its results too."""
    with _emulation() as address:
        set_variables(run.folder, {"kinesis": address})
        _begin_anew(run)
        client = _client(run)
        with run.step("kinesis", f"streams at {address}"):
            for name in (*INPUTS, *OUTPUTS):
                client.create_stream(StreamName=name, ShardCount=1)
            for name in INPUTS:
                _put_all(client, name, run)
        with run.step("stream", f"pipelines/{PIPELINE}.sql"):
            _until_through(run, batch)
        with run.step("verify", "what came out of Kinesis"):
            streams = {name: _rows(client, name) for name in OUTPUTS}
            found = batch.verify(PIPELINE, streams)
        client.close()
    return tuple(replace(one, what=f"on Kinesis: {one.what}") for one in found)


@contextlib.contextmanager
def _emulation() -> Iterator[str]:
    """Moto's server on a free port of this machine; its address."""
    try:
        import boto3  # noqa: F401, PLC0415 - an extra
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UserError(
            "--kinesis needs the emulation of moto",
            code="demo.kinesis-missing",
            hint="Install it: pip install 'tidemill[kinesis]' 'moto[server]'",
        ) from error
    before = {name: os.environ.get(name) for name in _KEYS}
    os.environ.update(_KEYS)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells each request otherwise
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _begin_anew(run: DemoRun) -> None:
    """Forget what the pipeline has read of streams that are gone."""
    shutil.rmtree(run.state_dir / "pipelines" / PIPELINE, ignore_errors=True)
    with connect(run.endpoint("postgres")) as connection:
        for statement in _BEGIN_ANEW:
            connection.execute(statement)


def _client(run: DemoRun) -> Any:
    project = load_project(run.folder)
    compiled = compile_pipeline(project, project.pipeline(PIPELINE))
    table = next(
        stage.table
        for stage in compiled.plan.sources
        if stage.values is None and stage.table.options.get("connector") == "kinesis"
    )
    context = JobContext(f"{project.name}.{PIPELINE}", FORMATS)
    return make_client(parse(opened(table, compiled.source, project.root), context))


def _put_all(client: Any, name: str, run: DemoRun) -> None:
    records = [
        {"Data": record.value, "PartitionKey": (record.key or b"-").decode()}
        for record in read_topic(Cluster(run.folder), name)
        if record.value is not None
    ]
    for first in range(0, len(records), _PUT_MAX):
        client.put_records(StreamName=name, Records=records[first : first + _PUT_MAX])


def _until_through(run: DemoRun, batch: Batch) -> None:
    from tidemill.control.demo.clickstream_iot.flow import through  # noqa: PLC0415 - both ways

    due = batch.due()
    pipeline, asker = PipelineThread(run.folder, PIPELINE), Asker(run.endpoint("postgres"))
    try:
        pipeline.start()
        moved_at, before = time.monotonic(), -1
        while time.monotonic() - moved_at < QUIET_S and pipeline.error is None:
            now = pipeline.progress()
            if now is not None:
                if now.rows_in + now.rows_out != before:
                    before, moved_at = now.rows_in + now.rows_out, time.monotonic()
                if through(due, now, asker, b"_kinesis"):
                    break
            time.sleep(TICK_S)
    finally:
        asker.close()
        pipeline.stop()
    if pipeline.error is not None:
        raise pipeline.error


def _rows(client: Any, name: str) -> pa.Table:
    """The rows of a stream of one shard."""
    shard = client.list_shards(StreamName=name)["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(
        StreamName=name, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    messages: list[bytes] = []
    while True:
        answer: Mapping[str, Any] = client.get_records(ShardIterator=iterator, Limit=_GET_MAX)
        found: Sequence[Mapping[str, Any]] = answer["Records"]
        if not found:
            return rows_of_stream(name, messages)
        messages += [record["Data"] for record in found]
        iterator = answer["NextShardIterator"]
