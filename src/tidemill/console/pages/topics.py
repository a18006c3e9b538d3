"""Topics: all of them with sizes, retention and the pipelines that use them; create one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import act, load
from tidemill.console.parts.frame import Frame, frame
from tidemill.console.parts.numbers import count, retention, size
from tidemill.console.parts.tables import Column, put, table
from tidemill.control.topic_admin import TopicView, topic_views
from tidemill.control.topics import create_topic

PATH = "/topics"
_COLUMNS = (
    Column("name", "Topic", link="href"),
    Column("partitions", "Partitions", number=True),
    Column("messages", "Messages", number=True),
    Column("bytes", "Size", number=True),
    Column("retention", "Kept for"),
    Column("cleanup", "Cleanup"),
    Column("written", "Written by"),
    Column("read", "Read by"),
)
_EMPTY = "No topic. Create one, or run a pipeline that writes to Kafka."


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(search: str = "", internal: bool = False) -> None:
        with frame(hub, "Topics", PATH) as on:
            with ui.row().classes("tools"):
                box = ui.input(placeholder="Search  /", value=search)
                box.props('dense outlined clearable data-search aria-label="Search topics"')
                hidden = ui.switch("Kafka's own", value=internal).props("dense")
                ui.space()
                total = ui.label().classes("hint")
                if on.may_change:
                    new = ui.button(
                        "Create topic", icon="add", on_click=lambda: _create(hub, on, refresh)
                    )
                    new.props("dense unelevated no-caps")
            shown = table(_COLUMNS, [], label="Topics", empty=_EMPTY, paged=True)
            shown.bind_filter_from(box, "value")
            failed = ui.label().classes("empty")

            async def refresh() -> None:
                views = await load(lambda: topic_views(hub.cluster, internal=hidden.value))
                failed.set_text("" if views is not None else "Kafka does not answer.")
                if views is not None:
                    put(shown, [_row(view) for view in views])
                    total.set_text(f"{len(views):,} topics")

            hidden.on_value_change(refresh)
            await refresh()
            ui.timer(10.0, refresh)


def _row(view: TopicView) -> dict[str, Any]:
    facts = view.facts
    return {
        "name": facts.name,
        "href": f"{PATH}/{quote(facts.name, safe='')}",
        "partitions": facts.partitions,
        "partitions_n": facts.partitions,
        "messages": count(facts.messages),
        "messages_n": facts.messages,
        "bytes": size(view.bytes),
        "bytes_n": view.bytes,
        "retention": retention(facts.settings.get("retention.ms")),
        "cleanup": facts.settings.get("cleanup.policy", ""),
        "written": ", ".join(view.written_by),
        "read": ", ".join(view.read_by),
    }


def _create(hub: Hub, on: Frame, refresh: Any) -> None:
    with ui.dialog() as dialog, ui.card().classes("ask"):
        ui.label("Create topic").classes("ask-title")
        name = ui.input("Name").props("dense outlined autofocus").classes("wide")
        parts = ui.number("Partitions", value=1, min=1, max=10_000, precision=0)
        keep = ui.input("retention.ms", placeholder="the broker's default").classes("wide")
        for one in (parts, keep):
            one.props("dense outlined")
        compact = ui.switch("Compacted").props("dense")

        async def go() -> None:
            settings = {"retention.ms": keep.value} if keep.value else {}
            settings |= {"cleanup.policy": "compact"} if compact.value else {}
            count_ = int(parts.value or 1)

            def do() -> bool:
                create_topic(
                    hub.cluster, name.value, partitions=count_, replication=-1, settings=settings
                )
                return True

            if await act(on, "create topic", name.value, do):
                dialog.close()
                await refresh()

        with ui.row().classes("ask-buttons"):
            ui.button("Cancel", on_click=dialog.close).props("flat dense no-caps")
            ui.button("Create", on_click=go).props("dense no-caps unelevated")
    dialog.open()
