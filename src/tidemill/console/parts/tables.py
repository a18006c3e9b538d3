"""Dense tables of plain rows; columns are declared once and say how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from tidemill.records import dataclass

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `number` aligns right and sorts by `<name>_n`; `link` is the row's key of an href.

    `state` shows the value as a coloured state.
    """

    name: str
    label: str
    number: bool = False
    link: str | None = None
    state: bool = False
    code: bool = False


_LINK = """<q-td :props="props">
<a v-if="props.row.{key}" :href="props.row.{key}">{{{{ props.value }}}}</a>
<span v-else>{{{{ props.value }}}}</span></q-td>"""
_STATE = """<q-td :props="props">
<span :class="'state ' + props.value">{{ props.value }}</span></q-td>"""
_CODE = """<q-td :props="props">
<code class="cell" :title="props.value">{{ props.value }}</code></q-td>"""


def table(
    columns: Sequence[Column],
    rows: list[dict[str, Any]],
    *,
    key: str = "name",
    empty: str,
    paged: bool = False,
    label: str,
) -> ui.table:
    """A table; `empty` says what to do where there is no row, `label` is read by screen readers."""
    shown = ui.table(
        columns=[_column(column) for column in columns],
        rows=rows,
        row_key=key,
        pagination=PAGE_ROWS if paged else 0,
    )
    shown.props(f'dense flat no-data-label="{empty}" aria-label="{label}"')
    shown.classes("data")
    if not paged:
        shown.props("hide-pagination")
    for column in columns:
        if column.link is not None:
            shown.add_slot(f"body-cell-{column.name}", _LINK.format(key=column.link))
        elif column.state:
            shown.add_slot(f"body-cell-{column.name}", _STATE)
        elif column.code:
            shown.add_slot(f"body-cell-{column.name}", _CODE)
    return shown


def put(shown: ui.table, rows: list[dict[str, Any]]) -> None:
    """Show these rows, if they are others than those shown."""
    if shown.rows != rows:
        shown.rows = rows


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "label": column.label,
        "field": column.name,
        "align": "right" if column.number else "left",
        "sortable": True,
        **({":sort": f"(a, b, x, y) => (x.{column.name}_n ?? -1) - (y.{column.name}_n ?? -1)"}
           if column.number else {}),
    }  # fmt: skip
