"""Masks over the values of columns that the project marks as personal (`personal:`).

A mark is the name of a column, or a path of names such as `customer.email`, with `*` for any text,
whatever its case; it is found at any depth of a value. Guarantees: what the console shows, gives to
its API or filters by holds none of the values of such columns; a message is masked before a filter
looks at it, so that no question can be asked about what is hidden. Where there are marks, bytes
that are no text are hidden whole, and text that is not JSON where it names such a column.
Non-guarantee: text without names, such as CSV or a plain key, is shown; the mark `_key` hides keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field, replace
from fnmatch import translate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.control.message_view import Decoded, MessageView
from tidemill.observe.log import MASK
from tidemill.records import dataclass

KEY = "_key"


@dataclass(frozen=True)
class Masks:
    """The marks of a project; without any, everything is given back as it is."""

    marks: tuple[str, ...] = ()
    _pattern: re.Pattern[str] | None = field(init=False, default=None)
    _names: re.Pattern[str] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if not self.marks:
            return
        whole = "|".join(translate(mark.lower()) for mark in self.marks)
        last = (mark.rpartition(".")[2].replace("*", r"\w*") for mark in self.marks)
        object.__setattr__(self, "_pattern", re.compile(whole))
        names = "|".join(name for name in last if name != r"\w*") or r"(?!)"
        object.__setattr__(self, "_names", re.compile(rf"\b(?:{names})\b", re.IGNORECASE))

    def hides(self, name: str, path: str = "") -> bool:
        """Whether a column is personal; `path` is where it stands, dotted, without its name."""
        if self._pattern is None:
            return False
        low = name.lower()
        if self._pattern.match(low):
            return True
        parts = path.lower().split(".") if path else []
        return any(self._pattern.match(".".join([*parts[n:], low])) for n in range(len(parts)))

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row with its personal values hidden, at any depth."""
        return dict(row) if self._pattern is None else self._mapping(row, "")

    def value(self, value: Any, path: str = "") -> Any:
        """The same of a value of any form."""
        if self._pattern is None:
            return value
        if isinstance(value, Mapping):
            return self._mapping(value, path)
        if isinstance(value, list | tuple):
            return [self.value(one, path) for one in value]
        return value

    def text(self, text: str) -> str:
        """A text that may be JSON; one that is not is hidden where it names such a column."""
        if self._names is None:
            return text
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return MASK if self._names.search(text) else text
        if not isinstance(value, dict | list):
            return text
        return json.dumps(self.value(value), ensure_ascii=False)

    def message(self, message: MessageView) -> MessageView:
        """A message with key, value and headers masked."""
        if self._pattern is None:
            return message
        key = self._decoded(message.key)
        if self.hides(KEY) and message.key.encoding != "null":
            key = replace(message.key, value=MASK, encoding="text")
        headers = tuple(
            (name, replace(value, value=MASK) if self.hides(name) else self._decoded(value))
            for name, value in message.headers
        )
        return replace(message, key=key, value=self._decoded(message.value), headers=headers)

    def table(self, table: pa.Table) -> pa.Table:
        """A table with the personal columns hidden; NULLs stay."""
        if self._pattern is None:
            return table
        for place, column in enumerate(table.schema):
            if self.hides(column.name):
                hidden = pc.if_else(
                    pc.is_valid(table[place]), pa.scalar(MASK), pa.scalar(None, pa.string())
                )
                table = table.set_column(place, column.name, hidden)
            elif self._nested(column.type, column.name):
                shown = [self.value(one, column.name) for one in table[place].to_pylist()]
                table = table.set_column(place, column.name, pa.array(shown))
        return table

    def _mapping(self, row: Mapping[str, Any], path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in row.items():
            if value is not None and self.hides(str(name), path):
                found[str(name)] = MASK
            else:
                found[str(name)] = self.value(value, f"{path}.{name}" if path else str(name))
        return found

    def _decoded(self, given: Decoded) -> Decoded:
        if given.encoding == "hex":
            return replace(given, value=MASK)
        if given.encoding == "text":
            return replace(given, value=self.text(str(given.value)))
        return replace(given, value=self.value(given.value))

    def _nested(self, kind: pa.DataType, path: str) -> bool:
        """Whether a column of this type has a personal one inside."""
        if not pa.types.is_struct(kind):
            inner = [kind.field(n).type for n in range(kind.num_fields)]
            return any(self._nested(one, path) for one in inner)
        fields = [kind.field(n) for n in range(kind.num_fields)]
        return any(
            self.hides(one.name, path) or self._nested(one.type, f"{path}.{one.name}")
            for one in fields
        )


NO_MASKS = Masks()
