"""The rows of a query, from whichever engine, in one form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tidemill.model import Batch, DataType, RowKind, Schema
from tidemill.records import dataclass
from tidemill.runners.flink.values import plain_from_arrow


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a changelog, its values in the plain form of `runners.flink.values`."""

    kind: RowKind
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """All that a query gave: `types` are of the columns; `refused` rows could not be computed."""

    names: tuple[str, ...]
    types: tuple[DataType, ...]
    changes: Sequence[Change]
    refused: int = 0
    late: int = 0


def changes_of(batches: Iterable[Batch], schema: Schema) -> list[Change]:
    """The rows of batches with these columns, in plain form."""
    types = [column.type for column in schema.columns]
    changes: list[Change] = []
    for batch in batches:
        arrays = [
            plain_from_arrow(array, kind)
            for array, kind in zip(batch.rows.columns, types, strict=True)
        ]
        rows = zip(*arrays, strict=True) if arrays else ()
        kinds = batch.kinds.to_pylist() if batch.kinds is not None else [0] * len(batch)
        changes += [Change(RowKind(kind), values) for kind, values in zip(kinds, rows, strict=True)]
    return changes
