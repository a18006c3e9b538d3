"""Results as text and as HTML, for consoles and notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import pyarrow as pa

ROWS_MAX = 10
WIDTH_MAX = 40
_STYLE = (
    "border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:0.9em",
    "text-align:left;padding:2px 10px;border-bottom:1px solid #8886",
    "padding:2px 10px",
)


def text_table(table: pa.Table, title: str) -> str:
    """The first rows, columns under their names and types, and how many there are."""
    names, types, rows = _cells(table)
    head = [names, types]
    widths = [max(len(row[i]) for row in [*head, *rows]) for i in range(len(names))]
    numeric = [_is_numeric(field.type) for field in table.schema]

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([line(names), line(types), rule, *map(line, rows), f"[{title}]"])


def html_table(table: pa.Table, title: str) -> str:
    """The same as an HTML table; every text is escaped."""
    names, types, rows = _cells(table)
    head = "".join(
        f'<th style="{_STYLE[1]}">{escape(n)}<br><small style="opacity:.6">{escape(t)}</small></th>'
        for n, t in zip(names, types, strict=True)
    )
    align = ["right" if _is_numeric(field.type) else "left" for field in table.schema]
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{_STYLE[2]};text-align:{side}">{escape(cell)}</td>'
            for cell, side in zip(row, align, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table style="{_STYLE[0]}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"<small>{escape(title)}</small>"
    )


def code_html(text: str) -> str:
    """Code as HTML."""
    return f"<pre>{escape(text)}</pre>"


def _cells(table: pa.Table) -> tuple[list[str], list[str], list[list[str]]]:
    shown = table.slice(0, ROWS_MAX)
    columns = [[_cell(value) for value in column.to_pylist()] for column in shown.columns]
    rows = [list(row) for row in zip(*columns, strict=True)] if columns else []
    return list(table.column_names), [str(field.type) for field in table.schema], rows


def _cell(value: Any) -> str:
    text = "NULL" if value is None else str(value)
    text = text.replace("\n", "⏎")
    return text if len(text) <= WIDTH_MAX else text[: WIDTH_MAX - 1] + "…"


def _is_numeric(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
    )
