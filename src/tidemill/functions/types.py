"""Flink's types as text, read without anything of Flink: for Arrow, and for PyFlink's DataTypes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r"\s*(`(?:[^`]|``)*`|'(?:[^']|'')*'|\w+|[<>(),])")
_ALIASES = {"INTEGER": "INT", "DEC": "DECIMAL", "NUMERIC": "DECIMAL"}


@dataclass
class TypeText:
    """A type: its root in upper case, its numbers, the types inside (with names in a ROW)."""

    root: str
    numbers: list[int]
    parts: list[TypeText]
    names: list[str]
    nullable: bool = True


def read_type(text: str) -> TypeText:
    """Read a type; TypeError where it is none."""
    tokens = _TOKEN.findall(text)
    if not re.fullmatch(rf"(?:{_TOKEN.pattern})*\s*", text):
        raise TypeError(f"{text!r} is no Flink type")
    reader = _Reader(text, tokens)
    found = reader.type()
    if reader.tokens:
        raise TypeError(f"{text!r} is no Flink type")
    return found


class _Reader:
    def __init__(self, text: str, tokens: list[str]) -> None:
        self.text = text
        self.tokens = tokens

    def take(self, *wanted: str) -> bool:
        """Step over words if they come next."""
        if [token.upper() for token in self.tokens[: len(wanted)]] != list(wanted):
            return False
        del self.tokens[: len(wanted)]
        return True

    def next(self) -> str:
        """The next token."""
        if not self.tokens:
            raise TypeError(f"{self.text!r} is no Flink type")
        return self.tokens.pop(0)

    def type(self) -> TypeText:
        """A type with what stands behind it."""
        root = self.next().upper()
        if not root[0].isalpha():
            raise TypeError(f"{self.text!r} is no Flink type")
        found = TypeText(_ALIASES.get(root, root), [], [], [])
        if root == "DOUBLE":
            self.take("PRECISION")
        if root in ("ARRAY", "MULTISET", "MAP") and self.take("<"):
            self._parts(found, named=False)
        elif root == "ROW" and (self.take("<") or self.take("(")):
            self._parts(found, named=True)
        elif self.take("("):
            while not self.take(")"):
                if not self.take(","):
                    found.numbers.append(int(self.next()))
        if self.take("WITH", "LOCAL", "TIME", "ZONE"):
            found.root = "TIMESTAMP_LTZ"
        self.take("WITHOUT", "TIME", "ZONE")
        return self._nullability(found)

    def _nullability(self, found: TypeText) -> TypeText:
        if self.take("NOT", "NULL"):
            found.nullable = False
        self.take("NULL")
        while self.take("ARRAY"):
            found = self._nullability(TypeText("ARRAY", [], [found], []))
        return found

    def _parts(self, found: TypeText, *, named: bool) -> None:
        while not (self.take(">") or self.take(")")):
            if self.take(","):
                continue
            if named:
                name = self.next()
                quoted = name.startswith("`")
                found.names.append(name[1:-1].replace("``", "`") if quoted else name)
            found.parts.append(self.type())
            if self.tokens[:1] and self.tokens[0].startswith("'"):
                self.next()  # a comment


def arrow_type(text: str) -> Any:
    """The Arrow type of a type without parts inside; TypeError for the others."""
    import pyarrow as pa  # noqa: PLC0415 - only arrow functions need it

    found = read_type(text)
    simple = {
        "BOOLEAN": pa.bool_(), "TINYINT": pa.int8(), "SMALLINT": pa.int16(), "INT": pa.int32(),
        "BIGINT": pa.int64(), "FLOAT": pa.float32(), "DOUBLE": pa.float64(), "CHAR": pa.string(),
        "VARCHAR": pa.string(), "STRING": pa.string(), "BYTES": pa.binary(),
        "BINARY": pa.binary(), "VARBINARY": pa.binary(), "DATE": pa.date32(),
        "TIME": pa.time32("ms"),
    }  # fmt: skip
    if found.root in simple:
        return simple[found.root]
    numbers = found.numbers
    if found.root == "DECIMAL":
        return pa.decimal128(*((*numbers, 0)[:2] if numbers else (10, 0)))
    if found.root in ("TIMESTAMP", "TIMESTAMP_LTZ"):
        unit = "us" if not numbers or numbers[0] <= 6 else "ns"
        return pa.timestamp(unit, tz="UTC" if found.root == "TIMESTAMP_LTZ" else None)
    raise TypeError(f"arrow functions do not take the type {text}; write a general function")


def pyflink_type(text: str) -> Any:
    """PyFlink's DataType; only inside PyFlink."""
    from pyflink.table import DataTypes  # noqa: PLC0415 - not in our own environment

    return _pyflink(read_type(text), DataTypes)


_DEFAULTS = {"DECIMAL": [10, 0], "CHAR": [1], "VARCHAR": [1], "BINARY": [1], "VARBINARY": [1],
             "TIME": [0], "TIMESTAMP": [6], "TIMESTAMP_LTZ": [6]}  # fmt: skip


def _pyflink(found: TypeText, types: Any) -> Any:
    make = getattr(types, found.root, None)
    if make is None:
        raise TypeError(f"{found.root} is no type of PyFlink's")
    parts = [_pyflink(part, types) for part in found.parts]
    if found.root == "ROW":
        fields = [types.FIELD(n, p) for n, p in zip(found.names, parts, strict=True)]
        return make(fields, nullable=found.nullable)
    if parts:
        return make(*parts, nullable=found.nullable)
    numbers = found.numbers
    if found.root == "DECIMAL" and len(numbers) == 1:
        numbers = [*numbers, 0]
    return make(*(numbers or _DEFAULTS.get(found.root, [])), nullable=found.nullable)
