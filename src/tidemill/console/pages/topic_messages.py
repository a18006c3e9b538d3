"""The messages of a topic: where to begin, what to look for, live tail, produce, export."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import field
from typing import Any
from urllib.parse import quote, urlencode

from nicegui import background_tasks, run, ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import act, load, show_error
from tidemill.console.parts.frame import Frame
from tidemill.console.parts.numbers import count, length, moment
from tidemill.console.parts.tables import Column, table
from tidemill.control.message_filter import MessageFilter
from tidemill.control.message_view import MessageView
from tidemill.control.messages import Browse, browse, tail
from tidemill.control.topics import json_records, write_topic
from tidemill.errors import TidemillError
from tidemill.records import dataclass

SHOWN_MAX = 200
_COLUMNS = (
    Column("time", "Time (UTC)"),
    Column("partition", "Part.", number=True),
    Column("offset", "Offset", number=True),
    Column("key", "Key", code=True),
    Column("text", "Value", code=True),
    Column("kind", "As"),
)
_STARTS = {"end": "newest", "begin": "from the begin", "offset": "from offset", "time": "from time"}
_STOPPED = {
    "end": "the end was reached",
    "limit": "there are more",
    "scanned": "the limit of messages looked at was reached",
    "time": "the time for looking was over",
    "bytes": "the limit of bytes was reached",
}


async def messages_panel(
    hub: Hub, on: Frame, topic: str, asked: dict[str, Any], partitions: int
) -> None:
    """The panel; `asked` comes from the page's address, so that a search can be linked to."""
    panel = _Panel(hub, on, topic)
    panel.build(asked, partitions)
    await panel.look()


@dataclass
class _Panel:
    hub: Hub
    on: Frame
    topic: str
    _tail: threading.Event | None = None
    _arrived: deque[MessageView] = field(default_factory=lambda: deque(maxlen=5000))
    _seen: int = 0
    _shown: dict[str, MessageView] = field(default_factory=dict)

    def build(self, asked: dict[str, Any], partitions: int) -> None:
        """Lay it out."""
        with ui.row().classes("tools"):
            self.start = ui.select(_STARTS, value=asked["start"], label="Show")
            self.at = ui.input("Offset, or time", value=str(asked["at"] or ""))
            self.at.bind_visibility_from(self.start, "value", lambda v: v in ("offset", "time"))
            numbers: dict[Any, str] = {None: "all", **{n: str(n) for n in range(partitions)}}
            self.part = ui.select(numbers, value=asked["partition"], label="Partition")
            self.key = ui.input("Key has", value=asked["key"])
            self.value = ui.input("Value has", value=asked["value"])
            self.header = ui.input("Header", value=asked["header"], placeholder="name=text")
            self.cel = ui.input(
                "Expression (CEL)", value=asked["expression"], placeholder="value.amount > 100"
            ).classes("cel")
            how = {"auto": "auto", "json": "JSON", "avro": "Avro", "protobuf": "Protobuf",
                   "text": "text", "hex": "hex"}  # fmt: skip
            self.how = ui.select(how, value=asked["decoding"], label="Decode")
            for one in (self.start, self.at, self.part, self.key, self.value, self.header,
                        self.cel, self.how):  # fmt: skip
                one.props("dense outlined stack-label")
                one.on("keydown.enter", self.look)
        with ui.row().classes("tools"):
            search = ui.button("Search", icon="search", on_click=self.look)
            search.props("dense unelevated no-caps")
            self.live = ui.button("Live tail", icon="play_arrow", on_click=self.toggle)
            self.live.props("dense outline no-caps")
            export = ui.button("Export JSON lines", icon="download", on_click=self.export)
            export.props("dense flat no-caps")
            if self.on.may_change:
                produce = ui.button("Produce", icon="send", on_click=self.produce)
                produce.props("dense flat no-caps")
            ui.space()
            self.said = ui.label().classes("hint")
        self.table = table(
            _COLUMNS, [], key="id", label="Messages", paged=True,
            empty="No message fits. Begin elsewhere, or ask for less.",
        )  # fmt: skip
        self.table.classes("messages")
        self.table.on("rowClick", lambda event: self._open(event.args[1]["id"]))
        ui.timer(0.25, self._drain)
        ui.context.client.on_disconnect(self._stop)

    def asked(self) -> Browse:
        """What the fields say."""
        wanted = MessageFilter(
            self.key.value or "", self.value.value or "", self.header.value or "",
            self.cel.value or "",
        )  # fmt: skip
        at = str(self.at.value or "").strip()
        number = int(at) if at.lstrip("-").isdigit() else _time_ms(at)
        parts = () if self.part.value is None else (int(self.part.value),)
        return Browse(
            self.topic, self.start.value, number, parts, SHOWN_MAX, self.how.value, wanted,
            self.hub.masks, self.hub.schemas(self.topic),
        )  # fmt: skip

    def address(self) -> str:
        """The query of this search, for a link."""
        given = {
            "start": self.start.value, "at": self.at.value, "partition": self.part.value,
            "key": self.key.value, "value": self.value.value, "header": self.header.value,
            "expression": self.cel.value, "decoding": self.how.value,
        }  # fmt: skip
        left = {"start": "end", "decoding": "auto"}
        return urlencode({k: v for k, v in given.items() if v not in (None, "", left.get(k))})

    async def look(self) -> None:
        """Search."""
        self._stop()
        try:
            asked = self.asked()
        except TidemillError as error:
            show_error(error)
            return
        page = await load(lambda: browse(self.hub.cluster, asked))
        if page is None:
            return
        self._put(page.messages)
        text = (
            f"{count(len(page.messages))} found among {count(page.scanned)} in "
            f"{length(page.seconds)}: {_STOPPED[page.stopped_by]}"
        )
        if page.unfit:
            text += f"; {count(page.unfit)} could not be asked ({page.last_failure})"
        self.said.set_text(text)
        path = f"/topics/{quote(self.topic, safe='')}"
        query = self.address()
        ui.navigate.history.replace(path + (f"?{query}" if query else ""))

    # -- live tail

    async def toggle(self) -> None:
        """Begin the live tail, or pause it."""
        if self._tail is not None:
            self._stop()
            self.said.set_text(f"paused after {count(self._seen)} messages")
            return
        try:
            asked = self.asked()
        except TidemillError as error:
            show_error(error)
            return
        stopped = threading.Event()
        self._tail, self._seen = stopped, 0
        self._arrived.clear()
        self._put(())
        self.live.props("icon=pause")
        self.live.set_text("Pause")
        background_tasks.create(self._follow(asked, stopped), name="live tail")

    async def _follow(self, asked: Browse, stopped: threading.Event) -> None:
        def reading() -> None:
            for message in tail(self.hub.cluster, asked, stopped.is_set):
                self._arrived.append(message)
                self._seen += 1

        try:
            await run.io_bound(reading)
        except TidemillError:
            self._stop()

    def _drain(self) -> None:
        if self._tail is None or not self._arrived:
            return
        newest = [self._arrived.pop() for _ in range(min(len(self._arrived), SHOWN_MAX))]
        self._arrived.clear()
        self._put([*newest, *self._shown.values()][:SHOWN_MAX])
        self.said.set_text(f"live: {count(self._seen)} messages so far, the newest are shown")

    def _stop(self) -> None:
        if self._tail is not None:
            self._tail.set()
            self._tail = None
            self.live.props("icon=play_arrow")
            self.live.set_text("Live tail")

    # -- one message

    def _put(self, messages: Any) -> None:
        self._shown = {_id(one): one for one in messages}
        self.table.rows = [_row(one) for one in self._shown.values()]

    def _open(self, name: str) -> None:
        message = self._shown.get(name)
        if message is None:
            return
        record = message.record
        with ui.dialog() as dialog, ui.card().classes("message"):
            with ui.row().classes("facts"):
                ui.label(f"{self.topic} · partition {record.partition} · offset {record.offset}")
                ui.space()
                text = message.value.pretty
                copy = ui.button(icon="content_copy", on_click=lambda: ui.clipboard.write(text))
                copy.props('flat dense round size=sm aria-label="Copy value"')
                close = ui.button(icon="close", on_click=dialog.close)
                close.props('flat dense round size=sm aria-label="Close"')
            ui.label(f"{moment(record.timestamp_ms)} UTC · {message.value.bytes:,} bytes, "
                     f"{message.value.encoding}").classes("hint")  # fmt: skip
            ui.label("Key").classes("section")
            ui.label(message.key.pretty if record.key is not None else "null").classes("plan")
            if message.headers:
                ui.label("Headers").classes("section")
                lines = [f"{header}: {value.text}" for header, value in message.headers]
                ui.label("\n".join(lines)).classes("plan")
            ui.label("Value").classes("section")
            ui.label(text if record.value is not None else "null (a tombstone)").classes("plan")
        dialog.open()

    # -- produce, export

    def produce(self) -> None:
        """Ask for messages and write them."""
        with ui.dialog() as dialog, ui.card().classes("ask"):
            ui.label(f"Produce to {self.topic}").classes("ask-title")
            key = ui.input("Key", placeholder="none").props("dense outlined").classes("wide")
            value = ui.textarea("Value").props("dense outlined autofocus").classes("wide")
            headers = ui.input("Headers, as JSON", placeholder='{"trace": "1"}')
            headers.props("dense outlined").classes("wide")

            async def go() -> None:
                try:
                    extra = json.loads(headers.value) if headers.value else {}
                except ValueError:
                    ui.notify("The headers are not JSON.", type="negative")
                    return
                given = {"key": key.value or None, "value": value.value, "headers": extra}

                def do() -> int:
                    records = json_records([json.dumps(given).encode()], file="form")
                    return write_topic(self.hub.cluster, self.topic, records)

                if await act(self.on, "produce", self.topic, do):
                    dialog.close()
                    ui.notify("Written.", type="positive")
                    await self.look()

            with ui.row().classes("ask-buttons"):
                ui.button("Cancel", on_click=dialog.close).props("flat dense no-caps")
                ui.button("Write", on_click=go).props("dense no-caps unelevated")
        dialog.open()

    def export(self) -> None:
        """Download what the fields ask for, through the API."""
        query = self.address()
        path = f"/api/v1/topics/{quote(self.topic, safe='')}/messages/export?limit=1000"
        ui.navigate.to(path + (f"&{query}" if query else ""))


def _id(message: MessageView) -> str:
    return f"{message.record.partition}-{message.record.offset}"


def _row(message: MessageView) -> dict[str, Any]:
    record = message.record
    return {
        "id": _id(message),
        "time": moment(record.timestamp_ms),
        "partition": record.partition,
        "partition_n": record.partition,
        "offset": record.offset,
        "offset_n": record.offset,
        "key": message.key.text[:200],
        "text": message.value.text[:500],
        "kind": message.value.encoding,
    }


def _time_ms(text: str) -> int | None:
    """Epoch milliseconds of `2026-11-25 12:00` and the like, in UTC; None for nothing."""
    import datetime as dt  # noqa: PLC0415 - beside its only use

    if not text:
        return None
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return round(time.time() * 1000)
    return round((at if at.tzinfo else at.replace(tzinfo=dt.UTC)).timestamp() * 1000)
