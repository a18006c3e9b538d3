"""What SHOW and DESCRIBE answer: columns and rows, as Flink names and types them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from tidemill.errors import TextWhere
from tidemill.model import DataType
from tidemill.model.types import BOOLEAN, STRING
from tidemill.records import dataclass

Cell: TypeAlias = "str | bool | None"


@dataclass(frozen=True, slots=True)
class Listing:
    """One answer; `where` is its statement's place."""

    columns: tuple[tuple[str, DataType], ...]
    rows: tuple[tuple[Cell, ...], ...]
    where: TextWhere

    @property
    def text(self) -> str | None:
        """The text of an answer that is one, such as that of SHOW CREATE TABLE."""
        if [name for name, _ in self.columns] != ["result"] or len(self.rows) != 1:
            return None
        return str(self.rows[0][0])


def names_listing(column: str, names: Iterable[str], where: TextWhere) -> Listing:
    """One column of names."""
    return Listing(((column, STRING),), tuple((name,) for name in names), where)


def text_listing(text: str, where: TextWhere) -> Listing:
    """One text."""
    return Listing((("result", STRING),), ((text,),), where)


COLUMNS = (
    ("name", STRING),
    ("type", STRING),
    ("null", BOOLEAN),
    ("key", STRING),
    ("extras", STRING),
    ("watermark", STRING),
)
"""The columns of DESCRIBE; a `comment` follows where a column has one."""
