"""The rows of a query, from whichever engine, in one form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tidemill.model import DataType, RowKind


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
