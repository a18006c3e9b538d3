"""The newest rows behind each node, taken only while somebody wants to see them.

A wish ends by itself. While there is one, each node keeps a few rows of its last batch: references
into Arrow tables that are there anyway, so a batch costs one look at a flag, and no row is copied
on the engine's path. What is kept is read from another thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

import pyarrow as pa

from tidemill.model import RowKind
from tidemill.plan.physical import KIND, PlanColumn

ROWS_MAX = 20
_KINDS = {int(kind): kind.short for kind in RowKind}


class Sampler:
    """The samples of one engine, across its sessions."""

    def __init__(self) -> None:
        self._until_s = 0.0
        self._last: dict[str, pa.Table] = {}

    @property
    def wanted(self) -> bool:
        """Whether somebody wants rows now."""
        return monotonic() < self._until_s

    def want(self, seconds: float) -> None:
        """Keep rows from now on for so long; what is kept is thrown away when nobody wants it."""
        self._until_s = monotonic() + seconds

    def see(self, node: str, rows: pa.Table) -> None:
        """Rows leave a node: the newest are kept, of several small batches a few of each."""
        if not rows.num_rows:
            return
        tail = rows.slice(max(0, rows.num_rows - ROWS_MAX))
        before = self._last.get(node)
        if before is not None and tail.num_rows < ROWS_MAX and before.schema == tail.schema:
            kept = before.slice(max(0, before.num_rows + tail.num_rows - ROWS_MAX))
            tail = pa.concat_tables([kept, tail])
        self._last[node] = tail

    def taken(self, columns: Mapping[str, Sequence[PlanColumn]]) -> dict[str, list[dict[str, Any]]]:
        """By node, the newest rows, newest first, by the columns' names; all gone when unwanted.

        A changelog's kind of row stands first, under its mark: `+I`, `-U`, `+U`, `-D`.
        """
        if not self.wanted:
            self._last.clear()
            return {}
        found = {}
        for node, rows in list(self._last.items()):
            named = _named(rows, columns.get(node, ()))
            if named is not None:
                found[node] = named.to_pylist()[::-1]
        return found


def _named(rows: pa.Table, columns: Sequence[PlanColumn]) -> pa.Table | None:
    """The rows under their names; None where it is not known what they are."""
    kinds = rows.column(KIND) if KIND in rows.column_names else None
    values = rows.drop_columns([KIND]) if kinds is not None else rows
    if values.num_columns != len(columns):
        return None
    names = unique(column.name for column in columns)
    named = values.rename_columns(names)
    if kinds is None:
        return named
    marks = pa.array([_KINDS.get(kind, "") for kind in kinds.to_pylist()])
    return named.add_column(0, "op" if "op" not in names else "op$", marks)


def unique(names: Any) -> list[str]:
    """Names of which none stands twice: further ones get a number."""
    found: list[str] = []
    for name in names:
        free, number = name, 0
        while free in found:
            free, number = f"{name}{number}", number + 1
        found.append(free)
    return found
