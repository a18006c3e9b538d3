"""A walk through the console in a real Chromium while the taxi example runs: `make console_walk`.

Runs the taxi example in a new folder, starts its pipeline and the console, and does what a person
would: finds a trip by its key and the window it fell into, pauses and resumes the connector, reads
a dead letter with its reason, stops and starts the pipeline, resets a group after a dry run, and
opens every page. Prints each step; the exit code is 1 where one shows something else.

    python tools/console_walk.py [--rows 20000] [--screenshots FOLDER] [--keep]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from playwright.sync_api import Page, expect, sync_playwright

from tidemill.control.topics import Cluster, read_topic
from tidemill.services import running_endpoints

TOKEN = secrets.token_urlsafe(24)
CHANGES, CLEAN = "nyc_taxi.public.nyc_taxi", "nyc_taxi.sink.datastream"
WINDOWS = "nyc_taxi.sink_window.datastream"
GROUP = "somebody.else"
PAGES = {
    "overview": ".problem, .all-well", "pipelines": ".data tbody td a",
    "pipelines/nyc_taxi": "svg.graph .node", "pipelines/nyc_taxi?tab=sql": ".finding",
    "pipelines/nyc_taxi?tab=rows": "svg.graph .node", "topics": ".data tbody td a",
    f"topics/{CLEAN}?start=begin": ".data tbody td",
    f"topics/{CLEAN}?tab=settings": ".data tbody td", "groups": ".data tbody td a",
    f"groups/{GROUP}": ".data tbody td", "connectors": ".data tbody td a",
    "dead-letters": ".data tbody td", "checks": ".data, .empty", "predictions": ".empty",
    "query?sql=SELECT zone_id, sum(trips) AS trips FROM \"nyc_taxi.sink_window.datastream\" "
    "GROUP BY 1 ORDER BY 2 DESC LIMIT 10": ".data tbody td",
}  # fmt: skip
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
COMMAND = (sys.executable, "-m", "tidemill.cli")


def main() -> int:
    """Walk."""
    parser = argparse.ArgumentParser(prog="python tools/console_walk.py")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--screenshots", type=Path)
    parser.add_argument("--keep", action="store_true", help="leave the servers and the folder")
    asked = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="tidemill-walk-"))
    project = base / ".tidemill" / "demo" / "nyc_taxi"
    try:
        said("the taxi example, end to end")
        tidemill(base, "demo", "nyc_taxi", "--rows", str(asked.rows), "--rate", "0", "--keep")
        tidemill(project, "topic", "write", CHANGES, stdin="no change of Debezium\n")
        leave_a_group(project)
        with console(project) as address, browser(address) as page:
            walk(page, address, a_trip(project))
            look(page, address, asked.screenshots)
    except AssertionError as error:
        said(f"FAILED: {error}")
        return 1
    finally:
        if not asked.keep:
            for words in (("stop", "nyc_taxi"), ("down",)):
                subprocess.run([*COMMAND, *words], cwd=project, capture_output=True, check=False)
            shutil.rmtree(base, ignore_errors=True)
    said("walked through: every step showed what it should")
    return 0


def walk(page: Page, address: str, trip: int) -> None:
    """What a person would do, step by step."""
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    said("start the pipeline, and see it run")
    page.goto(f"{address}/pipelines/nyc_taxi")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".facts .state")).to_have_text("running")
    expect(page.get_by_text(re.compile("Event time of trips stands at"))).to_be_visible()
    expect(page.get_by_text(re.compile("every row is accounted for"))).to_be_visible()

    said("find a trip by its key, and the window it fell into")
    page.goto(f"{address}/topics/{CLEAN}?start=begin&key={trip}")
    row = page.locator(".messages tbody tr")
    expect(row).to_have_count(1)
    row.first.click()
    shown = page.get_by_role("dialog").inner_text()
    page.get_by_role("button", name="Close").click()
    hour = found(r'"pickup_time":\s*"(\d{4}-\d\d-\d\d \d\d):', shown)
    zone = found(r'"pu_location_id":\s*(\d+)', shown)
    asked = f"value.zone_id == {zone}.0 && value.window_start.startsWith('{hour}')"
    page.goto(f"{address}/topics/{WINDOWS}?start=begin&expression={asked.replace('&', '%26')}")
    expect(page.locator(".messages tbody tr")).to_have_count(1)
    said(f"  trip {trip} fell into the hour {hour}:00 of zone {zone}")

    said("pause and resume the connector")
    page.goto(f"{address}/connectors")
    page.locator(".data tbody td a").first.click()
    expect(page.locator(".facts .state")).to_have_text("RUNNING")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".facts .state")).to_have_text("PAUSED")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".facts .state")).to_have_text("RUNNING")

    said("read a dead letter with its reason")
    page.goto(f"{address}/dead-letters")
    expect(page.get_by_text(re.compile("format.malformed")).first).to_be_visible()
    expect(page.get_by_text(re.compile("no change of Debezium")).first).to_be_visible()

    said("stop the pipeline, and start it again")
    page.goto(f"{address}/pipelines/nyc_taxi")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".facts .state")).to_have_text("stopped")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".facts .state")).to_have_text("running")

    said("reset a group, after a dry run")
    page.goto(f"{address}/groups/{GROUP}")
    page.get_by_role("button", name="Try (dry run)").click()
    expect(page.get_by_label("What the reset would do")).to_contain_text("-2")
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page.get_by_text("The group goes on there.")).to_be_visible()
    assert not broken, f"errors of the page's own: {broken}"


def look(page: Page, address: str, pictures: Path | None) -> None:
    """Open every page, and take its picture in both themes where that is wished."""
    for path, wanted in PAGES.items():
        began = time.monotonic()
        page.goto(f"{address}/{path}")
        page.locator(wanted).first.wait_for()
        said(f"  {path.partition('?sql')[0]}: {time.monotonic() - began:.2f} s")
        for theme in ("light", "dark") if pictures else ():
            assert pictures is not None
            name = re.sub(r"[^a-z]+", "-", path.partition("?sql")[0].lower()).strip("-")
            page.wait_for_timeout(1500)  # charts and toasts settle
            page.screenshot(path=pictures / f"{name}-{theme}.png")
            page.get_by_role("button", name="Light or dark").click()
            page.locator(f"body.body--{'dark' if theme == 'light' else 'light'}").wait_for()


def found(pattern: str, text: str) -> str:
    """What the pattern's group holds."""
    match = re.search(pattern, text)
    assert match is not None, f"no {pattern} in {text[:400]}"
    return match.group(1)


def a_trip(project: Path) -> int:
    """The number of a trip that was kept, one that is part of no other's."""
    found = read_topic(Cluster(project), CLEAN)
    ids = [json.loads(record.key)["id"] for record in found if record.key]
    return max(ids[: len(ids) // 2])


def leave_a_group(project: Path) -> None:
    """A consumer group of somebody else's, two messages into the windows."""
    bootstrap = running_endpoints(project / ".tidemill")["kafka"].properties["bootstrap.servers"]
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": GROUP})
    consumer.commit(offsets=[TopicPartition(WINDOWS, 0, 2)], asynchronous=False)
    consumer.close()


def tidemill(folder: Path, *words: str, stdin: str = "") -> None:
    """Run a command; its talk goes where ours goes."""
    subprocess.run(
        [*COMMAND, *words],
        cwd=folder,
        input=stdin,
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
    )


@contextmanager
def console(project: Path) -> Iterator[str]:
    """The console of the project, at a free port."""
    process = subprocess.Popen(
        [*COMMAND, "console", "--port", "0", "--json"], cwd=project, stdout=subprocess.PIPE,
        text=True, env={**os.environ, "TIDEMILL_CONSOLE_TOKEN": TOKEN},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def browser(address: str) -> Iterator[Page]:
    """A page of somebody who has logged in as the operator."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = made.new_page(viewport={"width": 1360, "height": 860})
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        page.goto(f"{address}/login#token={TOKEN}")
        page.wait_for_url("**/overview")
        yield page
        made.close()


def said(text: str) -> None:
    """A step, for whoever watches."""
    print(f"· {text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
