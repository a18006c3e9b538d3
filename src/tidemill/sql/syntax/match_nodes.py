"""The syntax tree of MATCH_RECOGNIZE."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.records import dataclass
from tidemill.sql.syntax.nodes import (
    DerivedTable,
    Name,
    Node,
    OrderItem,
    Path,
    TableAlias,
    TableReference,
)


@dataclass(frozen=True, slots=True)
class PatternPart:
    """One variable of a PATTERN and how many rows it takes; `most` None is without a bound."""

    variable: Name
    least: int
    most: int | None
    reluctant: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Measure:
    """`expression AS name`."""

    expression: Node
    name: Name


@dataclass(frozen=True, slots=True)
class Definition:
    """`variable AS condition`."""

    variable: Name
    condition: Node


@dataclass(frozen=True, slots=True)
class AfterMatch:
    """AFTER MATCH SKIP `target`: PAST LAST ROW, TO NEXT ROW, TO FIRST or TO LAST a variable."""

    target: str
    variable: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class MatchRecognizeTable:
    """`input MATCH_RECOGNIZE (...)`; `at` is the word's own place."""

    input: TableReference | DerivedTable
    partition_by: tuple[Path, ...]
    order_by: tuple[OrderItem, ...]
    measures: tuple[Measure, ...]
    after: AfterMatch | None
    pattern: tuple[PatternPart, ...]
    within: Node | None
    definitions: tuple[Definition, ...]
    alias: TableAlias | None
    span: Span
    at: Span
