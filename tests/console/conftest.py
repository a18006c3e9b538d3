"""A project with a pipeline, its console, and a browser; one of each for all tests of pages."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from confluent_kafka import Consumer, TopicPartition
from deltalake import write_deltalake
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pyarrow import parquet

from tidemill.connectors.delta.options import parse
from tidemill.control.chaos.model import Broken, ChaosResult, Done, totals
from tidemill.control.chaos.store import keep
from tidemill.control.pipeline_states import pipeline_state
from tidemill.control.project_context import open_project
from tidemill.formats.schema_registry.client import RegistryLogin, SchemaRegistry
from tidemill.interfaces.service import Endpoint
from tidemill.model import Schema, TableDescriptor
from tidemill.stores import open_store

TOKEN = "operator-token-of-the-browser-test"
WAIT_MS = 120_000
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SQL = """
CREATE TABLE orders (id BIGINT, shop STRING, amount DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'kafka', 'topic' = '{orders}', 'format' = 'json',
  'properties.bootstrap.servers' = '${{server:kafka.bootstrap}}',
  'properties.group.id' = '{orders}', 'scan.startup.mode' = 'earliest-offset');
CREATE TABLE sales (window_start TIMESTAMP(3), shop STRING, total DOUBLE)
WITH ('connector' = 'kafka', 'topic' = '{sales}', 'format' = 'json',
  'properties.bootstrap.servers' = '${{server:kafka.bootstrap}}');
INSERT INTO sales SELECT window_start, shop, SUM(amount)
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, shop;
"""
SUITE = """
on:
  - file: amounts.jsonl
expectations:
  - type: expect_column_values_to_be_between
    kwargs: {column: amount, min_value: 0}
"""
_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


class Shop:
    """A project whose pipeline reads a topic with a few orders, one of them broken."""

    def __init__(
        self, folder: Path, name: str, kafka: Endpoint, registry: Endpoint, s3: Endpoint
    ) -> None:
        bootstrap = kafka.properties["bootstrap.servers"]
        self.folder, self.name = folder, name
        self.orders, self.sales = f"{name}.orders", f"{name}.sales"
        self.group, self._bootstrap = f"{name}.group", bootstrap
        self.lake = f"{name}/"
        reach = s3.properties
        (folder / "tidemill.yaml").write_text(
            f"name: {name}\npipelines: [sales.sql]\nconnections:\n"
            f"  kafka: {{bootstrap: '{bootstrap}'}}\n"
            f"  registry: {{url: '{registry.properties['url']}', user: tidemill,\n"
            "    password: '${env:SHOP_REGISTRY_PASSWORD}'}\n"
            f"  s3: {{endpoint: '{reach['endpoint']}', access-key: {reach['access-key']},\n"
            "       secret-key: '${env:LAKE_SECRET_KEY}'}\n"
        )
        self._fill_lake(s3)
        self._fill_registry(registry)
        (folder / "checks").mkdir()
        (folder / "checks" / "amounts.yaml").write_text(SUITE)
        (folder / "amounts.jsonl").write_text('{"amount": 2.5}\n{"amount": -1}\n')
        (folder / "sales.sql").write_text(SQL.format(orders=self.orders, sales=self.sales))
        for topic in (self.orders, self.sales):
            self.tidemill("topic", "create", topic)
        lines = [
            {"key": f"k{n}", "value": {"id": n, "shop": "north" if n % 2 else "south",
             "amount": n * 10.5, "ts": f"2026-01-05 12:0{n % 10}:00"}}
            for n in range(20)
        ]  # fmt: skip
        lines.append({"key": "broken", "value": "{no json"})
        text = "\n".join(map(json.dumps, lines))
        self.tidemill("topic", "write", self.orders, "--json", stdin=text)

    def _fill_lake(self, s3: Endpoint) -> None:
        options = {
            "s3.endpoint": s3.properties["endpoint"],
            "s3.access-key": s3.properties["access-key"],
            "s3.secret-key": s3.secrets["secret-key"],
        }
        held = io.BytesIO()
        parquet.write_table(pa.table({"id": [1, 2], "shop": ["north", "south"]}), held)
        store = open_store("s3://lake", options)
        store.put(f"{self.lake}orders/a.parquet", held.getvalue())
        place = {"connector": "delta", "table-path": f"s3://lake/{self.lake}sold", **options}
        delta = parse(TableDescriptor("sold", Schema(()), place))
        rows = pa.table({"id": [1, 2], "shop": ["north", "south"]})
        write_deltalake(delta.uri, rows, storage_options=delta.storage())
        store.close()

    def _fill_registry(self, registry: Endpoint) -> None:
        login = registry.secrets["user-info"]
        known = SchemaRegistry(RegistryLogin(registry.properties["url"], login))
        self.subject = f"{self.orders}-value"
        fields = [{"name": "id", "type": "long"}]
        for more in ([], [{"name": "shop", "type": ["null", "string"], "default": None}]):
            record = {"type": "record", "name": "Order", "fields": [*fields, *more]}
            known.register(self.subject, json.dumps(record))

    def keep_chaos_run(self) -> str:
        """A chaos run that broke an invariant, as `tidemill chaos` keeps it; its id."""
        broken = (Broken("no-loss", "chaos1.events:0:7 came, 5 was due"),)
        line = "wait=0.10 kill-at hold=0.00 point=mid-staging nth=1"
        actions = [
            Done(1, "wait=0.20 kill-engine hold=0.00", "kill-engine", None, 3.1, 3.2, 1.5, 1),
            Done(2, line, "kill-at", None, 5.0, 6.0, None, 2, ("a note",), broken),
        ]
        result = ChaosResult(
            id="20260105-120000-1", pipeline="(built in)", seed=1, command="tidemill chaos",
            begun_at_ms=1_767_614_400_000, seconds=9.5, interrupted=False, rows=1000, rows_out=990,
            windows=40, dead_letters=3, kills=3, engine_starts=4, engine_ends={},
            recovery_p50_s=1.5, recovery_p99_s=1.5, totals=totals(actions), actions=tuple(actions),
            broken=broken, left_out={"full-disk": "only root may mount a file system"},
            shortest=(line,),
        )  # fmt: skip
        keep(open_project(self.folder), result)
        return result.id

    def commit_group(self) -> None:
        """A consumer group of somebody else's, two messages into the orders."""
        consumer = Consumer({"bootstrap.servers": self._bootstrap, "group.id": self.group})
        consumer.commit(offsets=[TopicPartition(self.orders, 0, 2)], asynchronous=False)
        consumer.close()

    def run_once(self) -> None:
        """Have the pipeline's results, whichever test comes first."""
        if pipeline_state(open_project(self.folder), "sales").live is None:
            self.tidemill("run", "sales", "--until-caught-up")

    def tidemill(self, *words: str, stdin: str = "") -> None:
        command = [sys.executable, "-m", "tidemill.cli", *words, "-C", str(self.folder)]
        subprocess.run(command, input=stdin, text=True, check=True, capture_output=True)


@pytest.fixture(scope="session")
def shop(
    tmp_path_factory, stack, kafka_endpoint: Endpoint, registry_endpoint: Endpoint
) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    name = f"console{os.getpid()}"
    s3 = stack.endpoint("s3")
    os.environ["LAKE_SECRET_KEY"] = s3.secrets["secret-key"]
    os.environ["SHOP_REGISTRY_PASSWORD"] = registry_endpoint.secrets["password"]
    made = Shop(folder, name, kafka_endpoint, registry_endpoint, s3)
    yield made
    del os.environ["LAKE_SECRET_KEY"], os.environ["SHOP_REGISTRY_PASSWORD"]
    state = pipeline_state(open_project(folder), "sales")
    if state.pid is not None:
        os.kill(state.pid, 15)
    made.tidemill("topic", "delete", made.orders, made.sales, "--yes")


@pytest.fixture(scope="session")
def address(shop: Shop) -> Iterator[str]:
    console = subprocess.Popen(
        [sys.executable, "-m", "tidemill.cli", "console", "--port", "0", "--json", "-C",
         str(shop.folder)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "TIDEMILL_CONSOLE_TOKEN": TOKEN},
    )  # fmt: skip
    try:
        assert console.stdout is not None
        yield json.loads(console.stdout.readline())["url"]
    finally:
        console.terminate()
        console.wait(timeout=30)
        console.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one module: as long as it is there, an event loop runs in this thread."""
    assert _CHROMIUM is not None, "Chromium is missing: run tools/browser.sh as root"
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=_CHROMIUM, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    """A page of somebody who has logged in as the operator."""
    made = browser.new_page(viewport={"width": 1360, "height": 860})
    made.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    made.goto(f"{address}/login#token={TOKEN}")
    made.wait_for_url("**/overview")
    yield made
    made.close()
