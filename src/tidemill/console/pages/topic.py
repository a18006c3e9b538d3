"""One topic: its messages, live tail, partitions, settings; produce, alter, empty, delete."""

from __future__ import annotations

from urllib.parse import quote

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.pages.topic_messages import messages_panel
from tidemill.console.pages.topic_settings import settings_panel
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.numbers import count
from tidemill.control.message_view import Decoding
from tidemill.control.messages import Start
from tidemill.control.topic_admin import topic_uses
from tidemill.control.topics import describe_topic

PATH = "/topics/{topic}"


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(
        topic: str,
        start: Start = "end",
        at: int | None = None,
        key: str = "",
        value: str = "",
        header: str = "",
        expression: str = "",
        decoding: Decoding = "auto",
        partition: int | None = None,
        tab: str = "",
    ) -> None:
        with frame(hub, "Topics", "/topics", trail=topic) as on:
            detail = await load(lambda: describe_topic(hub.cluster, topic))
            if detail is None:
                ui.label("It cannot be shown.").classes("empty")
                return
            uses = topic_uses(hub.project)
            with ui.row().classes("facts"):
                total = sum(part.end - part.begin for part in detail.partitions)
                ui.label(f"{count(total)} messages in {len(detail.partitions)} partitions")
                for word, names in (
                    ("written by", uses.written_by.get(topic, ())),
                    ("read by", uses.read_by.get(topic, ())),
                ):
                    if names:
                        ui.label(word).classes("hint")
                    for name in names:
                        ui.link(name, f"/pipelines/{quote(name, safe='')}")
            with ui.tabs().props("dense no-caps align=left").classes("tabs") as tabs:
                first, second = ui.tab("Messages"), ui.tab("Partitions and settings")
            with ui.tab_panels(tabs, value=second if tab == "settings" else first).classes(
                "panels"
            ):
                with ui.tab_panel(first):
                    await messages_panel(
                        hub, on, topic,
                        {"start": start, "at": at, "key": key, "value": value, "header": header,
                         "expression": expression, "decoding": decoding, "partition": partition},
                        len(detail.partitions),
                    )  # fmt: skip
                with ui.tab_panel(second):
                    settings_panel(hub, on, detail)
