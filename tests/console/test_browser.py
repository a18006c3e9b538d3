"""The console in a real Chromium, over a real broker and a running pipeline: every page."""

from __future__ import annotations

import json
import os
import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.console.conftest import Shop

pytestmark = pytest.mark.servers
SERIOUS = ("serious", "critical")
NARROW_PX = 420
SCREENSHOTS = os.environ.get("TIDEMILL_SCREENSHOTS")
"""A folder that takes a picture of every page, in both themes."""

SETTLED = """() => Promise.all(document.getAnimations()
  .filter(one => one instanceof CSSTransition).map(one => one.finished.catch(() => 0)))"""


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
    page.get_by_role("button", name="Preview redrive").click()
    expect(page.get_by_label("What a redrive does")).to_contain_text(
        re.compile(rf"\d+ messages? would go back into {re.escape(shop.orders)}")
    )

    # What differs between two versions of a schema; rows of the lake; a check that is missed.
    page.goto(f"{address}/schemas/{shop.subject}")
    expect(page.get_by_label("Schema", exact=True)).to_contain_text("shop")
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_text("It may follow version 2")).to_be_visible()
    page.goto(f"{address}/lake?url=s3://lake/{shop.lake}orders/")
    page.get_by_role("link", name="a.parquet").click()
    expect(page.get_by_role("cell", name="south")).to_be_visible()
    page.goto(f"{address}/checks")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator(".state.missed").first).to_be_visible()
    page.goto(f"{address}/predictions")
    expect(page.get_by_text("ML_PREDICT")).to_be_visible()

    # Ask a question in SQL; what reaches beyond the tables is refused.
    page.goto(f"{address}/query?sql=SELECT count(*) AS n FROM \"{shop.orders}\" WHERE shop='north'")
    expect(page.locator(".data tbody td").first).to_have_text("10")
    page.goto(f"{address}/query?sql=SELECT * FROM read_csv('/etc/passwd')")
    expect(page.locator(".error-text")).to_contain_text("the query is refused")

    # Why a row is there, where a message and a broken one ended; a question that has no answer.
    page.goto(f"{address}/pipelines/sales?tab=why")
    page.get_by_label("Key of a row").fill("shop=north,window_start=2026-01-05 12:01:00")
    page.get_by_role("button", name="Why is it there?").click()
    expect(page.get_by_text(re.compile("Made of 1 message, up to epoch"))).to_be_visible()
    expect(page.get_by_role("cell", name=f"{shop.orders}:0:1", exact=True)).to_be_visible()
    expect(page.get_by_text("8 rows came too late, and are in no window.")).to_be_visible()
    page.get_by_label("A message").fill(f"{shop.orders}:0:11")
    page.get_by_role("button", name="Where did it end?").click()
    expect(page.get_by_text("is read as a row of orders")).to_be_visible()
    page.get_by_label("A message").fill(f"{shop.orders}:0:20")
    page.get_by_role("button", name="Where did it end?").click()
    expect(page.locator(".panels")).to_contain_text("dead letter")
    page.get_by_label("A message").fill("no-such-topic:0:1")
    page.get_by_role("button", name="Where did it end?").click()
    expect(page.get_by_text("no-such-topic").last).to_be_visible()

    # Stop the pipeline; then its group can be reset, after a dry run.
    page.goto(f"{address}/pipelines/sales")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".facts .state")).to_have_text("stopped")

    # Its text changes: what becomes of its state, what the output differs in, and the switch.
    text = shop.folder / "sales.sql"
    written = text.read_text()
    text.write_text(written.replace("SUM(amount)", "SUM(amount + 1)"))
    page.goto(f"{address}/pipelines/sales")
    page.get_by_role("link", name="Savepoints and change").click()
    expect(page.locator(".state.rebuilt").first).to_be_visible()
    says = page.get_by_label("What the change does")
    expect(says).to_contain_text("Read again: at most")
    page.get_by_role("button", name="Compare side by side").click()
    expect(says).to_contain_text("only in new")
    page.get_by_role("button", name="Apply").click()
    page.get_by_label("Type sales to go on").fill("sales")
    page.locator(".ask").get_by_role("button", name="Apply").click()
    expect(says).to_have_text("Nothing changes: a run goes on.")
    expect(page.get_by_role("cell", name=re.compile("^before-"))).to_be_visible()
    text.write_text(written)
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


def test_every_page_is_accessible_light_and_dark_and_fits_a_phone(
    shop: Shop, address: str, page: Page
) -> None:
    """No serious violation by axe, and nothing to scroll sideways for; Connect is not running."""
    axe = Axe()
    found: list[str] = []
    cells, links = ".data tbody td", ".data tbody td a"
    paths = {
        "faults": links, f"faults?run={shop.keep_chaos_run()}": cells,
        "overview": ".problem, .all-well", "pipelines": links, "pipelines/sales": "svg.graph .node",
        "pipelines/sales/change": cells,
        "pipelines/sales?tab=sql": ".finding", "pipelines/sales?tab=rows": "svg.graph .node",
        "pipelines/sales?tab=why": "text=Where did it end?",
        "topics": links, f"topics/{shop.orders}?start=begin": cells,
        f"topics/{shop.orders}?tab=settings": cells, "groups": links,
        f"groups/{shop.group}": cells, "connectors": ".failure", "schemas": links,
        f"schemas/{shop.subject}": ".difference .line", "dead-letters": cells, "lake": links,
        f"lake?url=s3://lake/{shop.lake}orders/": links,
        f"lake?url=s3://lake/{shop.lake}sold/": ".data[aria-label=Versions] tbody td",
        f"lake/object?url=s3://lake/{shop.lake}orders/a.parquet": cells, "checks": ".state",
        "predictions": ".empty", f"query?sql=SELECT id FROM \"{shop.orders}\" ORDER BY id": cells,
    }  # fmt: skip
    shop.commit_group()
    shop.run_once()
    for path, wanted in paths.items():
        page.goto(f"{address}/{path}")
        page.locator(wanted).first.wait_for()
        for theme in ("light", "dark"):
            found += [f"{path} ({theme}): {one}" for one in serious(axe, page)]
            if SCREENSHOTS:
                name = re.sub(r"[^a-z-]+", "-", path.replace(shop.name, "").lower()).strip("-")
                page.screenshot(path=f"{SCREENSHOTS}/{name}-{theme}.png")
            page.get_by_role("button", name="Light or dark").click()
            page.locator(f"body.body--{'dark' if theme == 'light' else 'light'}").wait_for()
        page.set_viewport_size({"width": NARROW_PX, "height": 860})
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        if wide > NARROW_PX:
            found.append(f"{path}: {wide} pixels wide on a screen of {NARROW_PX}")
        page.set_viewport_size({"width": 1360, "height": 860})
    assert not found, "\n".join(found)

    # The check can fail.
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x>')")
    assert any("image-alt" in one for one in serious(axe, page))


def serious(axe: Axe, page: Page) -> list[str]:
    """What axe calls serious or worse, with the first place of each."""
    page.evaluate(SETTLED)  # colours on their way from one theme to the other are nobody's
    result = axe.run(page, options={"resultTypes": ["violations"]}).response
    return [
        f"{one['id']} {one['nodes'][0]['target']} {one['nodes'][0]['html'][:160]}"
        for one in result["violations"]
        if one["impact"] in SERIOUS
    ]
