"""What a query gave, as Arrow, Polars, pandas or plain rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from tidemill.api.display import html_table, text_table
from tidemill.api.optional import needed
from tidemill.errors import UserError
from tidemill.model import RowKind

OP = "op"
"""The column of `changes` that says the kind of a row: +I, -U, +U or -D."""


class Result:
    """Rows in the order in which they came; shown as a table by a console and by a notebook.

    Where the query's answer changes over time (an aggregation of an endless input), the rows are
    those that stand at the end, and `changes` has every step to there.
    """

    def __init__(
        self, rows: pa.Table, kinds: pa.ChunkedArray | None = None, *, upsert: bool = False
    ) -> None:
        self._rows = rows
        self._kinds = kinds
        self._upsert = upsert
        self._final: pa.Table | None = rows if kinds is None else None

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table, without a copy where they never changed."""
        if self._upsert:
            raise UserError(
                "the rows replace each other by a key that the result does not carry",
                code="api.no-final-rows",
                hint="Look at `changes`, or aggregate by the key.",
            )
        if self._final is None:
            self._final = _materialised(self._rows, self._kinds)
        return self._final

    def polars(self) -> Any:
        """The rows as a Polars DataFrame; needs the package `polars`."""
        return needed("polars").from_arrow(self.arrow())

    def pandas(self) -> Any:
        """The rows as a pandas DataFrame; needs the package `pandas`."""
        needed("pandas")
        return self.arrow().to_pandas()

    def rows(self) -> list[dict[str, Any]]:
        """The rows as Python dicts."""
        return self.arrow().to_pylist()  # type: ignore[no-any-return]

    @property
    def changes(self) -> pa.Table:
        """Every change in order, with its kind in the first column, `op`."""
        if self._kinds is None:
            ops = pa.array(["+I"] * len(self._rows), pa.string())
        else:
            ops = pa.array([RowKind(kind).short for kind in self._kinds.to_pylist()], pa.string())
        return self._rows.add_column(0, OP, ops)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._rows.column_names)

    def __len__(self) -> int:
        return int(self.arrow().num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.arrow().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return text_table(self._shown(), self._title())

    def _repr_html_(self) -> str:
        return html_table(self._shown(), self._title())

    def _shown(self) -> pa.Table:
        return self.changes if self._upsert else self.arrow()

    def _title(self) -> str:
        count = len(self._shown())
        return f"{count:,} row{'s' * (count != 1)}, {len(self.columns)} columns"


def _materialised(rows: pa.Table, kinds: pa.ChunkedArray) -> pa.Table:
    """The rows that stand after all changes; a row is taken back by an equal one."""
    values = list(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    alive: dict[str, list[int]] = {}
    for index, (kind, value) in enumerate(zip(kinds.to_pylist(), values, strict=True)):
        key = repr(value)
        if RowKind(kind).is_addition:
            alive.setdefault(key, []).append(index)
        elif alive.get(key):
            alive[key].pop()
    left = sorted(index for indices in alive.values() for index in indices)
    return rows.take(pa.array(left, pa.int64()))
