"""Consumer groups: all of them with members and lag."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.numbers import count
from tidemill.console.parts.tables import Column, put, table
from tidemill.control.consumer_groups import group_as_dict, list_groups

PATH = "/groups"
_COLUMNS = (
    Column("name", "Group", link="href"),
    Column("state", "State", state=True),
    Column("members", "Members", number=True),
    Column("lag", "Lag", number=True),
    Column("topics", "Topics"),
)


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(search: str = "") -> None:
        with frame(hub, "Consumer groups", PATH):
            with ui.row().classes("tools"):
                box = ui.input(placeholder="Search  /", value=search)
                box.props('dense outlined clearable data-search aria-label="Search groups"')
                ui.space()
                total = ui.label().classes("hint")
            shown = table(
                _COLUMNS, [], label="Consumer groups", paged=True,
                empty="No consumer group has committed an offset. A running pipeline does.",
            )  # fmt: skip
            shown.bind_filter_from(box, "value")

            async def refresh() -> None:
                groups = await load(lambda: list_groups(hub.cluster))
                if groups is not None:
                    put(shown, [_row(group_as_dict(group)) for group in groups])
                    total.set_text(f"{len(groups):,} groups")

            await refresh()
            ui.timer(5.0, refresh)


def _row(group: dict[str, Any]) -> dict[str, Any]:
    topics = group["topics"]
    more = f" and {len(topics) - 3} more" if len(topics) > 3 else ""
    return {
        "name": group["name"],
        "href": f"{PATH}/{quote(group['name'], safe='')}",
        "state": group["state"],
        "members": group["members"],
        "members_n": group["members"],
        "lag": count(group["lag"]),
        "lag_n": group["lag"],
        "topics": ", ".join(topics[:3]) + more,
    }
