"""Messages of a topic: browse, export, produce."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from tidemill.console.api.acting import Asking
from tidemill.console.hub import Hub
from tidemill.console.security.audit import audited
from tidemill.control.message_filter import MessageFilter
from tidemill.control.message_view import Decoding
from tidemill.control.messages import LIMIT_MAX, Browse, Start, browse
from tidemill.control.topics import json_records, record_as_dict, write_topic


class Asked(BaseModel):
    """Where to begin, and which messages are wanted; `at` is an offset or epoch milliseconds."""

    start: Start = "end"
    at: int | None = None
    partition: list[int] = []
    limit: int = Field(100, ge=1, le=LIMIT_MAX)
    decoding: Decoding = "auto"
    key: str = ""
    value: str = ""
    header: str = ""
    expression: str = ""

    def browse(self, topic: str, hub: Hub) -> Browse:
        """The use case's request."""
        wanted = MessageFilter(self.key, self.value, self.header, self.expression)
        return Browse(
            topic, self.start, self.at, tuple(self.partition), self.limit, self.decoding, wanted,
            hub.masks, hub.schemas(topic),
        )  # fmt: skip


class NewMessages(BaseModel):
    """Messages as `topic read --json` gives them; values as text, JSON, or {"base64": ...}."""

    messages: list[dict[str, Any]] = Field(min_length=1, max_length=10_000)


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/topics/{topic}/messages", tags=["messages"])

    @routes.get("")
    def messages(topic: str, asked: Annotated[Asked, Query()]) -> dict[str, Any]:
        """Messages, decoded; bounded in messages looked at, bytes and seconds."""
        return browse(hub.cluster, asked.browse(topic, hub)).as_dict()

    @routes.get("/export")
    def export(topic: str, asked: Annotated[Asked, Query()]) -> StreamingResponse:
        """The same messages as JSON lines that `tidemill topic write --json` takes."""
        masks = hub.masks
        page = browse(hub.cluster, asked.browse(topic, hub))

        def lines() -> Iterator[str]:
            for message in page.messages:
                line = record_as_dict(message.record)
                if masks.marks:
                    line |= message.shown()
                yield json.dumps(line, ensure_ascii=False) + "\n"

        name = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in topic)
        return StreamingResponse(
            lines(),
            media_type="application/x-ndjson",
            headers={"content-disposition": f'attachment; filename="{name}.jsonl"'},
        )

    @routes.post("")
    def produce(topic: str, body: NewMessages, asking: Asking) -> dict[str, int]:
        """Write messages; answers once all are acknowledged."""
        lines = [json.dumps(message).encode() for message in body.messages]
        with audited(asking, "produce", topic):
            written = write_topic(hub.cluster, topic, json_records(lines, file="request"))
            return {"written": written}

    return routes
