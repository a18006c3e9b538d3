"""The partitions and settings of a topic, and what changes them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import act, confirm
from tidemill.console.parts.frame import Frame
from tidemill.console.parts.numbers import count
from tidemill.console.parts.tables import Column, table
from tidemill.control.topic_admin import alter_topic, empty
from tidemill.control.topics import delete_topics

if TYPE_CHECKING:
    from tidemill.connectors.kafka.admin import TopicDetail

_PARTITIONS = (
    Column("partition", "Partition", number=True),
    Column("leader", "Leader", number=True),
    Column("replicas", "Replicas"),
    Column("in_sync", "In sync"),
    Column("begin", "Begin", number=True),
    Column("end", "End", number=True),
    Column("messages", "Messages", number=True),
)
_SETTINGS = (Column("name", "Setting"), Column("value", "Value", code=True))


def settings_panel(hub: Hub, on: Frame, detail: TopicDetail) -> None:
    """The panel."""
    if on.may_change:
        _buttons(hub, on, detail)
    rows = []
    for part in detail.partitions:
        numbers = {"partition": part.partition, "leader": part.leader, "begin": part.begin,
                   "end": part.end, "messages": part.end - part.begin}  # fmt: skip
        lists = {key: ", ".join(map(str, asdict(part)[key])) for key in ("replicas", "in_sync")}
        texts = {key: count(value) for key, value in numbers.items()}
        rows.append({**lists, **texts, **{f"{key}_n": value for key, value in numbers.items()}})
    table(_PARTITIONS, rows, key="partition", label="Partitions", empty="No partition.", paged=True)
    ui.label("Settings of its own").classes("section")
    own = [{"name": key, "value": value} for key, value in detail.settings.items()]
    table(_SETTINGS, own, label="Settings", empty="All settings are the broker's defaults.")


def _buttons(hub: Hub, on: Frame, detail: TopicDetail) -> None:
    topic = detail.name

    async def do_empty() -> None:
        gone = await act(on, "empty topic", topic, lambda: empty(hub.cluster, topic))
        if gone is not None:
            ui.navigate.reload()

    async def do_delete() -> None:
        def do() -> bool:
            delete_topics(hub.cluster, [topic])
            return True

        if await act(on, "delete topic", topic, do):
            ui.navigate.to("/topics")

    with ui.row().classes("tools"):
        alter = ui.button("Alter", icon="tune", on_click=lambda: _alter(hub, on, detail))
        alter.props("dense outline no-caps")
        ui.button(
            "Empty", icon="delete_sweep",
            on_click=lambda: confirm("Empty", "All its messages are deleted.", topic, do_empty),
        ).props("dense outline no-caps color=negative")  # fmt: skip
        ui.button(
            "Delete", icon="delete",
            on_click=lambda: confirm("Delete", "It goes with its messages.", topic, do_delete),
        ).props("dense outline no-caps color=negative")  # fmt: skip


def _alter(hub: Hub, on: Frame, detail: TopicDetail) -> None:
    topic, now = detail.name, len(detail.partitions)
    with ui.dialog() as dialog, ui.card().classes("ask"):
        ui.label(f"Alter {topic}").classes("ask-title")
        parts = ui.number("Partitions", value=now, min=now, max=10_000, precision=0)
        name = ui.input("Setting", placeholder="retention.ms").classes("wide")
        value = ui.input("Value", placeholder="empty: the broker's default").classes("wide")
        for one in (parts, name, value):
            one.props("dense outlined")
        ui.label("More partitions put keys into other partitions than before.").classes("hint")

        async def go() -> None:
            settings = {name.value: value.value or None} if name.value else None
            wanted = int(parts.value or now)

            def do() -> bool:
                alter_topic(
                    hub.cluster, topic, settings=settings,
                    partitions=wanted if wanted != now else None,
                )  # fmt: skip
                return True

            if await act(on, "alter topic", topic, do):
                ui.navigate.reload()

        with ui.row().classes("ask-buttons"):
            ui.button("Cancel", on_click=dialog.close).props("flat dense no-caps")
            ui.button("Alter", on_click=go).props("dense no-caps unelevated")
    dialog.open()
