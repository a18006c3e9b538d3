"""What the console costs: `python -m bench.console` (Chromium and a running Kafka are needed).

It makes `--topics` topics and one of `--messages` messages, opens the console in a headless
Chromium, and measures the first page, the list of topics, looks into the large topic, a live tail
of `--rate` messages a second with the longest time in which the page did not answer, and what the
console costs while nobody looks and while the overview is open.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from playwright.sync_api import Page, sync_playwright

TOKEN = "operator-token-of-the-measurement"
BIG, LIVE = "bench-console-big", "bench-console-live"
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
_STALL = """() => { window.longest = 0; let last = performance.now();
  const look = () => { const now = performance.now();
    window.longest = Math.max(window.longest, now - last); last = now;
    requestAnimationFrame(look); };
  requestAnimationFrame(look); }"""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.console")
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topics", type=int, default=1000)
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--idle-s", type=int, default=30)
    asked = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    fill(asked.bootstrap, asked.topics, asked.messages)
    with console(asked.bootstrap) as (url, process), sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        say("console, CPU while nobody looks", f"{cpu(process, asked.idle_s):.2%} of a core")
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 860})
        page.set_default_timeout(120_000)
        page.goto(f"{url}/login#token={TOKEN}")
        page.wait_for_url("**/overview")
        first = [opened(page, f"{url}/overview", ".all-well, .problem") for _ in range(5)]
        say("overview, until its content is there", seconds(first))
        say(
            "console, CPU while the overview is open", f"{cpu(process, asked.idle_s):.2%} of a core"
        )
        rows = ".data tbody tr"
        topics = [opened(page, f"{url}/topics", rows) for _ in range(3)]
        say(f"{asked.topics:,} topics", seconds(topics))
        for name, query in (
            ("newest", ""), ("from the begin", "?start=begin"),
            ("from the middle", f"?start=offset&at={asked.messages // 2}"),
            ("a key near the begin", "?start=begin&key=k100000"),
        ):  # fmt: skip
            took = [opened(page, f"{url}/topics/{BIG}{query}", rows) for _ in range(3)]
            say(f"{asked.messages:,} messages, {name}", seconds(took))
        tail(page, url, asked.bootstrap, asked.rate)
        browser.close()


def tail(page: Page, url: str, bootstrap: str, rate: int) -> None:
    """Follow a topic while it is written to."""
    page.goto(f"{url}/topics/{LIVE}")
    page.get_by_role("button", name="Live tail").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.evaluate(_STALL)
    ended = threading.Event()
    writing = threading.Thread(target=write, args=(bootstrap, rate, ended))
    writing.start()
    time.sleep(15)
    begun = time.monotonic()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("paused after").wait_for()
    paused_s = time.monotonic() - begun
    ended.set()
    writing.join()
    said = page.get_by_text("paused after").inner_text()
    longest_ms = page.evaluate("window.longest")
    say(f"live tail, {rate:,} a second for 15 s", f"{said}; longest stall {longest_ms:.0f} ms")
    say("live tail, until Pause is done", f"{paused_s:.2f} s")


def write(bootstrap: str, rate: int, ended: threading.Event) -> None:
    """Messages at a steady rate, in portions of a twentieth of a second."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
    due = time.monotonic()
    number = 0
    while not ended.is_set():
        for _ in range(rate // 20):
            number += 1
            value = json.dumps({"id": number, "shop": "north", "amount": number * 0.5})
            producer.produce(LIVE, value, f"k{number}")
        producer.poll(0)
        due += 0.05
        time.sleep(max(0.0, due - time.monotonic()))
    producer.flush(30)


def fill(bootstrap: str, topics: int, messages: int) -> None:
    """Make what is missing."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    known = admin.list_topics(timeout=30).topics
    wanted = [BIG, LIVE, *(f"bench-console-{n:04}" for n in range(topics))]
    new = [NewTopic(name, 1, 1) for name in wanted if name not in known]
    for future in (admin.create_topics(new) if new else {}).values():
        future.result(120)
    if BIG in known:
        return
    producer = Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 50, "compression.type": "lz4",
         "queue.buffering.max.messages": 1_000_000, "batch.size": 1_000_000}
    )  # fmt: skip
    for number in range(messages):
        while True:
            try:
                producer.produce(BIG, b'{"id": %d}' % number, b"k%d" % number)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 10_000 == 0:
            producer.poll(0)
    producer.flush(300)


@contextmanager
def console(bootstrap: str) -> Iterator[tuple[str, psutil.Process]]:
    """A console of a project that has nothing but this Kafka; its address and process."""
    folder = Path(tempfile.mkdtemp(prefix="bench-console-"))
    (folder / "tidemill.yaml").write_text(
        f"name: bench\nconnections: {{kafka: {{bootstrap: '{bootstrap}'}}}}\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tidemill.cli", "console", "--port", "0", "--json", "-C", folder],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "TIDEMILL_CONSOLE_TOKEN": TOKEN},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"], psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


def cpu(process: psutil.Process, over_s: int) -> float:
    """Share of a core that a process uses over some seconds, after it came to rest."""
    time.sleep(5)
    spent: Callable[[], float] = lambda: sum(process.cpu_times()[:2])  # noqa: E731
    before = spent()
    time.sleep(over_s)
    return (spent() - before) / over_s


def opened(page: Page, url: str, wanted: str) -> float:
    """Seconds from asking for a page until its content is there."""
    page.goto("about:blank")
    begun = time.monotonic()
    page.goto(url, wait_until="commit")
    page.locator(wanted).first.wait_for()
    return time.monotonic() - begun


def seconds(took: list[float]) -> str:
    """The median, and the range."""
    return f"{statistics.median(took):.2f} s ({min(took):.2f} to {max(took):.2f})"


def say(what: str, figure: str) -> None:
    """A row of the table."""
    print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
