"""What a CREATE TABLE says, as written."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from tidemill.errors import Span
from tidemill.model import ColumnKind, DataType
from tidemill.records import dataclass
from tidemill.sql.syntax.nodes import Name, Node, Path, StringLiteral

OptionPair: TypeAlias = "tuple[StringLiteral, StringLiteral]"


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """One column. `expression` belongs to COMPUTED, the metadata parts to METADATA."""

    name: Name
    kind: ColumnKind
    type: DataType | None = None
    expression: Node | None = None
    metadata_key: StringLiteral | None = None
    virtual: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class WatermarkDefinition:
    """WATERMARK FOR column AS expression."""

    column: Path
    expression: Node
    span: Span


@dataclass(frozen=True, slots=True)
class PrimaryKey:
    """PRIMARY KEY (columns) NOT ENFORCED."""

    columns: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class LikeClause:
    """LIKE table (...); a rule is a feature, and INCLUDING, EXCLUDING or OVERWRITING."""

    table: Path
    rules: tuple[tuple[str, str, Span], ...]


@dataclass(slots=True)
class TableDefinition:
    """All of a CREATE TABLE; the parser fills it bit by bit."""

    path: Path
    span: Span
    temporary: bool = False
    if_not_exists: bool = False
    columns: list[ColumnDefinition] = field(default_factory=list)
    watermark: WatermarkDefinition | None = None
    primary_key: PrimaryKey | None = None
    comment: str | None = None
    partitioned_by: tuple[Name, ...] = ()
    options: tuple[OptionPair, ...] = ()
    options_span: Span | None = None
    like: LikeClause | None = None
