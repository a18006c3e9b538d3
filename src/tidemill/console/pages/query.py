"""Query: SQL over topics and files, read-only and bounded."""

from __future__ import annotations

import json
from typing import Any

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import error_text, load
from tidemill.console.parts.editor import code_editor
from tidemill.console.parts.frame import frame
from tidemill.console.parts.numbers import length
from tidemill.console.parts.tables import Column, table
from tidemill.control.query import ROWS_MAX, Answer, query
from tidemill.control.query_tables import MESSAGES_MAX, QueryTable, query_tables
from tidemill.errors import TidemillError

PATH = "/query"


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(sql: str = "") -> None:
        with frame(hub, "Query", PATH):
            found = await load(lambda: query_tables(hub.project, hub.cluster)) or []
            with ui.row().classes("editor-row"):
                with ui.column().classes("query-box"):
                    editor = code_editor(sql or _first(found), "PostgreSQL", "SQL of the query")
                    editor.classes("short")
                    with ui.row().classes("tools"):
                        ask = ui.button("Run", icon="play_arrow", on_click=lambda: go())  # noqa: PLW0108 - it is defined below
                        ask.props("dense unelevated no-caps")
                        said = ui.label(
                            f"DuckDB's SQL. A topic gives its newest {MESSAGES_MAX:,} messages; "
                            f"an answer has at most {ROWS_MAX:,} rows."
                        ).classes("hint")
                with ui.column().classes("table-list"):
                    ui.label("Tables").classes("section")
                    for one in found[:200]:
                        ui.button(
                            one.name, on_click=lambda _, one=one: editor.set_value(_select(one))
                        ).props("flat dense no-caps align=left").classes("pick")
                    if not found:
                        ui.label("No topic and no file yet.").classes("hint")
            failed = ui.label().classes("error-text")
            answer = ui.column().classes("wide")

            async def go() -> None:
                from nicegui import run  # noqa: PLC0415 - beside its only use

                text = editor.value
                failed.set_text("")
                try:
                    got = await run.io_bound(lambda: query(hub.project, hub.cluster, text))
                except TidemillError as error:
                    failed.set_text(error_text(error))
                    return
                if got is None:
                    return
                more = ", more were left out" if got.more else ""
                said.set_text(f"{len(got.rows):,} rows in {length(got.seconds)}{more}")
                answer.clear()
                with answer:
                    _show(got)

            if sql:
                await go()


def _show(answer: Answer) -> None:
    columns = [
        Column(f"c{index}", name, number=_is_number(type_))
        for index, (name, type_) in enumerate(answer.columns)
    ]
    rows = []
    for number, row in enumerate(answer.rows):
        made: dict[str, Any] = {"id": number}
        for index, value in enumerate(row):
            made[f"c{index}"] = _text(value)
            made[f"c{index}_n"] = value if isinstance(value, (int, float)) else None
        rows.append(made)
    table(columns, rows, key="id", label="Answer", empty="No row.", paged=True)


def _is_number(type_: str) -> bool:
    return type_.upper().startswith(("BIGINT", "INTEGER", "DOUBLE", "DECIMAL", "HUGEINT", "FLOAT",
                                     "SMALLINT", "TINYINT", "UBIGINT", "NUMBER"))  # fmt: skip


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)[:500]
    return str(value)[:500]


def _first(found: list[QueryTable]) -> str:
    return _select(found[0]) if found else "SELECT 1 AS one"


def _select(one: QueryTable) -> str:
    name = one.name if one.name.isidentifier() else '"' + one.name.replace('"', '""') + '"'
    return f"SELECT *\nFROM {name}\nLIMIT 100"
