"""One subject: its versions, what differs between two of them, and what may follow the latest."""

from __future__ import annotations

import html
from typing import Literal

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import load
from tidemill.console.parts.editor import code_editor
from tidemill.console.parts.frame import frame
from tidemill.control.schema_difference import SchemaDifference, laid_out, schema_difference
from tidemill.control.schemas import SubjectInfo, check_schema_text, show_schema, subject_info

PATH = "/schemas/{subject}"
_SIGNS = {"same": " ", "added": "+", "removed": "-"}


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(subject: str, before: int | None = None, after: int | None = None) -> None:
        with frame(hub, "Schemas", "/schemas", trail=subject):
            info = await load(lambda: subject_info(hub.registry, subject))
            if info is None:
                ui.label("It cannot be shown.").classes("empty")
                return
            versions = info.versions
            last = versions[-1]
            ui.label(
                f"{len(versions)} versions · the next one must be {info.compatibility}"
            ).classes("fact-line")
            ui.label("Versions").classes("section")
            with ui.row().classes("tools"):
                earlier = versions[-2] if len(versions) > 1 else last
                old = ui.select(list(versions), value=_one_of(before, info, earlier), label="From")
                new = ui.select(list(versions), value=_one_of(after, info, last), label="To")
                for box in (old, new):
                    box.props("dense outlined stack-label")
            said = ui.label().classes("hint")
            lines = ui.html("", sanitize=False).classes("wide")

            async def compare() -> None:
                found = await load(
                    lambda: schema_difference(hub.registry, subject, old.value, new.value)
                )
                if found is not None:
                    said.set_text(_sentence(found))
                    lines.set_content(difference_html(found))

            old.on_value_change(compare)
            new.on_value_change(compare)
            await compare()
            await _test(hub, info)


async def _test(hub: Hub, info: SubjectInfo) -> None:
    """The editor whose text is tried as the next version."""
    latest = await load(lambda: show_schema(hub.registry, info.subject, None))
    if latest is None:
        return
    ui.label("May this follow?").classes("section")
    language: Literal["JSON", "ProtoBuf"] = "JSON" if latest.kind != "PROTOBUF" else "ProtoBuf"
    editor = code_editor(laid_out(latest.schema), language, "Schema to test").classes("config")
    said = ui.label("Change it and test it; nothing is registered.").classes("hint lines")

    async def test() -> None:
        text = editor.value
        found = await load(lambda: check_schema_text(hub.registry, info.subject, text, latest.kind))
        if found is None:
            return
        yes = f"It may follow version {latest.version} ({found.compatibility})."
        no = f"It may not follow version {latest.version} ({found.compatibility})."
        said.set_text(yes if found.compatible else "\n".join([no, *found.messages]))

    with ui.row().classes("tools"):
        ui.button("Test", on_click=test).props("dense outline no-caps")


def _one_of(wanted: int | None, info: SubjectInfo, default: int) -> int:
    return wanted if wanted in info.versions and wanted is not None else default


def _sentence(found: SchemaDifference) -> str:
    if found.before == found.after:
        return f"Version {found.after}."
    if found.same:
        return "The two are the same."
    added = sum(kind == "added" for kind, _ in found.lines)
    removed = sum(kind == "removed" for kind, _ in found.lines)
    return f"{added} lines are new, {removed} are gone."


def difference_html(found: SchemaDifference) -> str:
    """The lines, those that differ marked by sign and colour; all text is escaped."""
    rows = "".join(
        f'<span class="line {kind}">{_SIGNS[kind]} {html.escape(text)}</span>'
        for kind, text in found.lines
    )
    return f'<pre class="difference" tabindex="0" aria-label="Schema">{rows}</pre>'
