"""OpenLineage events of a run: to a receiver over HTTP, and into a file."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tidemill.control.openlineage import dataset_of
from tidemill.control.run import run
from tidemill.errors import TidemillError
from tidemill.model import Schema, TableDescriptor

SQL = """
CREATE TABLE orders (id BIGINT, shop STRING, amount DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'json');
CREATE TABLE sales (day_ TIMESTAMP(3), shop STRING, total DOUBLE)
WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
INSERT INTO sales SELECT window_start, UPPER(shop), SUM(amount)
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' DAY))
WHERE id > 0 GROUP BY window_start, window_end, shop;
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "in").mkdir()
    lines = [{"id": n, "shop": "north", "amount": 2.5, "ts": "2026-01-05 12:00:00"}
             for n in range(4)]  # fmt: skip
    (tmp_path / "in" / "a.json").write_text("\n".join(map(json.dumps, lines)) + "\n")
    (tmp_path / "sales.sql").write_text(SQL)

    def project(where: str):
        (tmp_path / "tidemill.yaml").write_text(
            f"name: shop\npipelines: [sales.sql]\nobserve: {{openlineage: '{where}'}}\n"
        )
        return tmp_path

    return project


@pytest.fixture
def receiver():
    got = []

    class Take(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((self.path, json.loads(body)))
            self.send_response(201)
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


def test_a_run_tells_what_it_reads_and_writes_column_by_column(shop, receiver):
    url, got = receiver
    run("sales", shop(url))
    assert [(path, event["eventType"]) for path, event in got] == [
        ("/api/v1/lineage", "START"), ("/api/v1/lineage", "COMPLETE"),
    ]  # fmt: skip
    start, end = got[0][1], got[1][1]
    assert start["run"]["runId"] == end["run"]["runId"]
    assert (end["job"]["namespace"], end["job"]["name"]) == ("shop", "sales")
    assert end["job"]["facets"]["jobType"]["processingType"] == "BATCH"
    assert "INSERT INTO sales" in end["job"]["facets"]["sql"]["query"]
    (read,), (written,) = end["inputs"], end["outputs"]
    assert read["namespace"] == "file" and read["name"].endswith("/in")
    assert read["inputFacets"]["inputStatistics"]["rowCount"] == 4
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 1
    names = [field["name"] for field in written["facets"]["schema"]["fields"]]
    assert names == ["day_", "shop", "total"]
    lineage = written["facets"]["columnLineage"]
    made_of = {
        name: [(one["field"], one["transformations"][0]["subtype"]) for one in of["inputFields"]]
        for name, of in lineage["fields"].items()
    }
    assert made_of["shop"] == [("shop", "TRANSFORMATION")]
    assert made_of["total"] == [("amount", "AGGREGATION")]
    assert {"id", "shop", "ts"} == {one["field"] for one in lineage["dataset"]}


def test_a_failure_is_told_with_its_reason(shop):
    folder = shop("file:lineage.jsonl")
    (folder / "out").write_text("a file where a folder should be")
    with pytest.raises(TidemillError) as failed:
        run("sales", folder)
    events = [json.loads(line) for line in (folder / "lineage.jsonl").read_text().splitlines()]
    assert [event["eventType"] for event in events] == ["START", "FAIL"]
    assert failed.value.message in events[1]["run"]["facets"]["errorMessage"]["message"]


@pytest.mark.parametrize(
    ("options", "namespace", "name"),
    [
        ({"connector": "kafka", "topic": "t", "properties.bootstrap.servers": "k:9092,l:9092"},
         "kafka://k:9092", "t"),
        ({"connector": "jdbc", "url": "jdbc:postgresql://h:5433/db?x=1", "table-name": "s.t"},
         "postgres://h:5433", "db.s.t"),
        ({"connector": "jdbc", "url": "jdbc:postgresql://h/db", "table-name": "t"},
         "postgres://h:5432", "db.public.t"),
        ({"connector": "filesystem", "path": "s3://lake/a/b/"}, "s3://lake", "a/b"),
    ],
)  # fmt: skip
def test_datasets_have_openlineages_names(options, namespace, name):
    found = dataset_of(TableDescriptor("x", Schema(()), options))
    assert (found.namespace, found.name) == (namespace, name)
