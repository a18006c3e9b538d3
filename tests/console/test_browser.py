"""The console in a real Chromium, over a real broker and a running pipeline: every page, once."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from playwright.sync_api import Page, expect, sync_playwright

from tidemill.control.pipeline_states import pipeline_state
from tidemill.control.project_context import open_project
from tidemill.interfaces.service import Endpoint

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
_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


class Shop:
    """A project whose pipeline reads a topic with a few orders, one of them broken."""

    def __init__(self, folder: Path, bootstrap: str, name: str) -> None:
        self.folder = folder
        self.orders, self.sales = f"{name}.orders", f"{name}.sales"
        self.group, self._bootstrap = f"{name}.group", bootstrap
        (folder / "tidemill.yaml").write_text(
            f"name: {name}\npipelines: [sales.sql]\n"
            f"connections: {{kafka: {{bootstrap: '{bootstrap}'}}}}\n"
        )
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

    def commit_group(self) -> None:
        """A consumer group of somebody else's, two messages into the orders."""
        consumer = Consumer({"bootstrap.servers": self._bootstrap, "group.id": self.group})
        consumer.commit(offsets=[TopicPartition(self.orders, 0, 2)], asynchronous=False)
        consumer.close()

    def tidemill(self, *words: str, stdin: str = "") -> None:
        command = [sys.executable, "-m", "tidemill.cli", *words, "-C", str(self.folder)]
        subprocess.run(command, input=stdin, text=True, check=True, capture_output=True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory, kafka_endpoint: Endpoint) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    name = f"console{os.getpid()}"
    made = Shop(folder, kafka_endpoint.properties["bootstrap.servers"], name)
    yield made
    state = pipeline_state(open_project(folder), "sales")
    if state.pid is not None:
        os.kill(state.pid, 15)
    made.tidemill("topic", "delete", made.orders, made.sales, "--yes")


@pytest.fixture(scope="module")
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
def page(address: str) -> Iterator[Page]:
    assert _CHROMIUM is not None, "Chromium is missing: run tools/browser.sh as root"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=FLAGS)
        made = browser.new_page(viewport={"width": 1360, "height": 860})
        made.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        made.goto(f"{address}/login#token={TOKEN}")
        made.wait_for_url("**/overview")
        yield made
        browser.close()


def test_the_console_from_login_to_logout(shop: Shop, address: str, page: Page) -> None:
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    expect(page.get_by_text("Nothing is wrong: 0 of 1 pipelines run")).to_be_visible()

    # Start the pipeline, and see its graph, its event time and its text checked as one types.
    page.goto(f"{address}/pipelines/sales")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".facts .state")).to_have_text("running")
    expect(page.locator("svg.graph .node")).to_have_count(3)
    expect(page.get_by_text(re.compile("Event time of orders stands at"))).to_be_visible()
    page.get_by_role("tab", name="SQL and plan").click()
    expect(page.get_by_text("TumbleAggregate(").first).to_be_visible()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nSELEC 1;")
    expect(page.locator(".finding.error").first).to_be_visible()

    # Find a message by its key, through a link, and by an expression; follow live ones; pause.
    page.goto(f"{address}/topics/{shop.orders}?start=begin&key=k7")
    expect(page.locator(".messages tbody tr")).to_have_count(1)
    page.get_by_text('"amount": 73.5').first.click()
    expect(page.get_by_text(f"{shop.orders} · partition 0 · offset 7")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.goto(f"{address}/topics/{shop.orders}?start=begin&expression=value.amount>180.0")
    expect(page.locator(".messages tbody tr")).to_have_count(2)
    expect(page.get_by_text("could not be asked")).to_be_visible()
    page.goto(f"{address}/topics/{shop.orders}")
    page.get_by_role("button", name="Live tail").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    limit = time.monotonic() + 30
    while not page.get_by_text("live-one").count() and time.monotonic() < limit:
        line = json.dumps({"key": "live-one", "value": {"id": 1}})
        shop.tidemill("topic", "write", shop.orders, "--json", stdin=line)
    expect(page.get_by_text("live-one").first).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("paused after")).to_be_visible()

    # The broken message lies in the dead letters, with origin and reason.
    page.goto(f"{address}/dead-letters")
    expect(page.get_by_text(f"{shop.orders} 0 20")).to_be_visible()

    # Ask a question in SQL; what reaches beyond the tables is refused.
    page.goto(f"{address}/query?sql=SELECT count(*) AS n FROM \"{shop.orders}\" WHERE shop='north'")
    expect(page.locator(".data tbody td").first).to_have_text("10")
    page.goto(f"{address}/query?sql=SELECT * FROM read_csv('/etc/passwd')")
    expect(page.locator(".error-text")).to_contain_text("the query is refused")

    # Stop the pipeline; then its group can be reset, after a dry run.
    page.goto(f"{address}/pipelines/sales")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".facts .state")).to_have_text("stopped")
    shop.commit_group()
    page.goto(f"{address}/groups/{shop.group}")
    page.get_by_role("button", name="Try (dry run)").click()
    expect(page.get_by_label("What the reset would do")).to_contain_text("-2")
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page.get_by_text("The group goes on there.")).to_be_visible()
    page.goto(f"{address}/topics?search={shop.orders}")
    expect(page.get_by_role("link", name=shop.orders, exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name="sales", exact=True).first).to_be_visible()
    assert not broken

    # Leave: the session is over, also for what was open.
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login*")
    page.goto(f"{address}/topics")
    assert "/login" in page.url
