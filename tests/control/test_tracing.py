"""Traces of epochs over OTLP, and the trace context in the headers of Kafka's messages."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from confluent_kafka import Producer
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.records import ReadFrom, read_records
from tidemill.control.run import run
from tidemill.model.trace_context import TRACEPARENT, TraceContext, epoch_context, parse_header

BEFORE = TraceContext(0xABC, 0xDEF)
SQL = """
CREATE TABLE a (id BIGINT) WITH ('connector' = 'kafka', 'topic' = '{name}', 'format' = 'json',
  'properties.bootstrap.servers' = '{servers}', 'scan.startup.mode' = 'earliest-offset');
CREATE TABLE b (id BIGINT) WITH ('connector' = 'kafka', 'topic' = '{name}.out', 'format' = 'json',
  'properties.bootstrap.servers' = '{servers}');
INSERT INTO b SELECT id FROM a WHERE id > 1;
"""


@given(st.text(max_size=20), st.integers(0, 1 << 40))
def test_the_context_of_an_epoch_is_a_header_that_is_read_back(job, epoch):
    context = epoch_context(job, epoch)
    assert parse_header(context.header) == context
    assert epoch_context(job, epoch + 1) != context


@pytest.mark.parametrize("strange", [None, b"", b"00-0-0-01", b"00-" + b"0" * 32 + b"-0-01", b"x"])
def test_what_is_no_context_is_none(strange):
    assert parse_header(strange) is None


@pytest.fixture
def collector():
    got = []

    class Take(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Take)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.servers
def test_a_trace_goes_on_through_topics(kafka_endpoint, unique_name, tmp_path, collector):
    url, got = collector
    name = unique_name("traced").replace("_", "-")
    servers = kafka_endpoint.properties["bootstrap.servers"]
    admin = KafkaAdmin({"bootstrap.servers": servers})
    for topic in (name, f"{name}.out"):
        admin.create(topic, partitions=1)
    producer = Producer({"bootstrap.servers": servers})
    for n in range(4):
        headers = [(TRACEPARENT, BEFORE.header)] if n == 3 else None
        producer.produce(name, f'{{"id": {n}}}'.encode(), headers=headers)
    assert producer.flush(30) == 0
    (tmp_path / "copy.sql").write_text(SQL.format(name=name, servers=servers))
    (tmp_path / "tidemill.yaml").write_text(
        f"name: {name}\npipelines: [copy.sql]\nobserve: {{opentelemetry: '{url}'}}\n"
    )
    run("copy", tmp_path, until="caught-up")
    spans = [
        span
        for path, request in got
        if path == "/v1/traces"
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    written = list(read_records(admin, f"{name}.out", ReadFrom(offset=0)))
    contexts = {parse_header(dict(record.headers)[TRACEPARENT]) for record in written}
    assert len(written) == 2 and len(contexts) == 1
    (context,) = contexts
    (epoch,) = (s for s in spans if int.from_bytes(s.span_id) == context.span_id)
    assert int.from_bytes(epoch.trace_id) == context.trace_id
    values = {one.key: one.value.int_value for one in epoch.attributes}
    assert (values["tidemill.rows_in"], values["tidemill.rows_out"]) == (4, 2)
    links = [(int.from_bytes(li.trace_id), int.from_bytes(li.span_id)) for li in epoch.links]
    assert links == [tuple(BEFORE)]
    inside = [s.name for s in spans if s.parent_span_id == epoch.span_id]
    assert sorted(inside) == ["commit", "compute"]
    admin.delete([name, f"{name}.out"])
