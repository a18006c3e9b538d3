"""Schemas of the registry: all subjects with their versions and rules."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import load
from tidemill.console.parts.frame import frame
from tidemill.console.parts.numbers import count
from tidemill.console.parts.tables import Column, put, table
from tidemill.control.schemas import SubjectInfo, list_subjects

PATH = "/schemas"
_COLUMNS = (
    Column("name", "Subject", link="href"),
    Column("versions", "Versions", number=True),
    Column("latest", "Latest", number=True),
    Column("rule", "Compatibility"),
)


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(search: str = "") -> None:
        with frame(hub, "Schemas", PATH):
            box = ui.input(placeholder="Search  /", value=search)
            box.props('dense outlined clearable data-search aria-label="Search subjects"')
            shown = table(
                _COLUMNS, [], label="Subjects", paged=True,
                empty="No subject. Register a schema: tidemill schema register SUBJECT FILE",
            )  # fmt: skip
            found = await load(lambda: list_subjects(hub.registry)) or []

            def show() -> None:
                wanted = (box.value or "").lower()
                put(shown, [_row(one) for one in found if wanted in one.subject.lower()])

            box.on_value_change(show)
            show()


def _row(info: SubjectInfo) -> dict[str, Any]:
    latest = info.versions[-1] if info.versions else None
    return {
        "name": info.subject,
        "href": f"{PATH}/{quote(info.subject, safe='')}",
        "rule": info.compatibility,
        "versions": count(len(info.versions)),
        "versions_n": len(info.versions),
        "latest": count(latest),
        "latest_n": latest,
    }
