"""Flink's grammar of data types, read into `DataType`."""

from __future__ import annotations

from collections.abc import Callable

from tidemill.errors import did_you_mean
from tidemill.model import DataType, Field, TypeRoot
from tidemill.model.types import (
    MAX_LENGTH,
    bytes_,
    decimal,
    simple,
    string,
    timestamp,
    timestamp_ltz,
)
from tidemill.sql.dialect.tokens import Token, TokenKind
from tidemill.sql.syntax.cursor import Cursor

_PLAIN = {
    "BOOLEAN": TypeRoot.BOOLEAN,
    "TINYINT": TypeRoot.TINYINT,
    "SMALLINT": TypeRoot.SMALLINT,
    "INT": TypeRoot.INTEGER,
    "INTEGER": TypeRoot.INTEGER,
    "BIGINT": TypeRoot.BIGINT,
    "FLOAT": TypeRoot.FLOAT,
    "DATE": TypeRoot.DATE,
}
_FOREIGN = {
    "TEXT": "STRING",
    "LONG": "BIGINT",
    "NUMBER": "DECIMAL(p, s)",
    "BOOL": "BOOLEAN",
    "DATETIME": "TIMESTAMP(3)",
    "JSON": "STRING",
    "UUID": "STRING",
    "JSONB": "STRING",
    "BLOB": "BYTES",
    "REAL": "FLOAT",
    "STRUCT": "ROW<...>",
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "TIMESTAMPTZ": "TIMESTAMP_LTZ(3)",
    "INT4": "INT",
    "INT8": "BIGINT",
}
_REFUSED = ("RAW", "STRUCTURED", "VARIANT", "BITMAP", "ANY", "GEOMETRY")


def parse_type(cursor: Cursor) -> DataType:
    """Parse one type, with `NOT NULL`, and with `ARRAY` and `MULTISET` written behind it."""
    return cursor.nested(lambda: _parse(cursor))


def _parse(cursor: Cursor) -> DataType:
    type_ = _with_nullability(cursor, _base(cursor))
    while cursor.at_any("ARRAY", "MULTISET"):
        root = TypeRoot[cursor.advance().upper]
        type_ = _with_nullability(cursor, DataType(root, element=type_))
    return type_


def _with_nullability(cursor: Cursor, type_: DataType) -> DataType:
    if cursor.take("NOT", "NULL"):
        return type_.with_nullable(False)
    if not cursor.at("NULL", "ON"):  # of JSON_VALUE's clauses behind RETURNING
        cursor.take("NULL")
    return type_


def _base(cursor: Cursor) -> DataType:
    token = cursor.token
    if token.kind is not TokenKind.WORD:
        raise cursor.unexpected("a data type")
    word = token.upper
    if word in _PLAIN:
        cursor.advance()
        return simple(_PLAIN[word])
    parser = _PARSERS.get(word)
    if parser is not None:
        cursor.advance()
        return parser(cursor, token)
    if word in _REFUSED:
        raise cursor.unsupported(f"the type {word}")
    raise cursor.error("bad-type", f"unknown data type `{token.text}`", hint=_hint(word))


def _hint(word: str) -> str | None:
    if word in _FOREIGN:
        return f"Flink's type is {_FOREIGN[word]}."
    return did_you_mean(word, (*_PLAIN, *_PARSERS))


def _parameter(cursor: Cursor, token: Token, what: str, default: int, low: int, high: int) -> int:
    if not cursor.take("("):
        return default
    value = _bounded(cursor, token, what, low, high)
    cursor.expect(")")
    return value


def _bounded(cursor: Cursor, token: Token, what: str, low: int, high: int) -> int:
    span = cursor.token.span
    value = cursor.whole_number(f"the {what} of {token.upper}")
    if not low <= value <= high:
        message = f"the {what} of {token.upper} is from {low} to {high}, not {value}"
        raise cursor.error("bad-type", message, span)
    return value


def _text(root: TypeRoot) -> Callable[[Cursor, Token], DataType]:
    def parse(cursor: Cursor, token: Token) -> DataType:
        return DataType(root, length=_parameter(cursor, token, "length", 1, 1, MAX_LENGTH))

    return parse


def _decimal(cursor: Cursor, token: Token) -> DataType:
    precision, scale = 10, 0
    if cursor.take("("):
        precision = _bounded(cursor, token, "precision", 1, 38)
        if cursor.take(","):
            scale = _bounded(cursor, token, "scale", 0, precision)
        cursor.expect(")")
    return decimal(precision, scale)


def _double(cursor: Cursor, token: Token) -> DataType:
    cursor.take("PRECISION")
    return simple(TypeRoot.DOUBLE)


def _time(cursor: Cursor, token: Token) -> DataType:
    precision = _parameter(cursor, token, "precision", 0, 0, 9)
    if cursor.take("WITHOUT"):
        cursor.expect("TIME", "ZONE")
    elif cursor.at("WITH", "TIME", "ZONE"):
        raise cursor.unsupported("TIME WITH TIME ZONE")
    return DataType(TypeRoot.TIME, precision=min(precision, 3))


def _timestamp(cursor: Cursor, token: Token) -> DataType:
    precision = _parameter(cursor, token, "precision", 6, 0, 9)
    if cursor.take("WITHOUT"):
        cursor.expect("TIME", "ZONE")
    elif cursor.take("WITH", "LOCAL"):
        cursor.expect("TIME", "ZONE")
        return timestamp_ltz(precision)
    elif cursor.at("WITH", "TIME", "ZONE"):
        raise cursor.unsupported(
            "TIMESTAMP WITH TIME ZONE", hint="Flink's instants are TIMESTAMP_LTZ(3)."
        )
    return timestamp(precision)


def _timestamp_ltz(cursor: Cursor, token: Token) -> DataType:
    return timestamp_ltz(_parameter(cursor, token, "precision", 6, 0, 9))


def _interval(cursor: Cursor, token: Token) -> DataType:
    units = {"YEAR": 0, "MONTH": 0, "DAY": 1, "HOUR": 1, "MINUTE": 1, "SECOND": 1}
    first = cursor.token
    if first.upper not in units:
        raise cursor.unexpected("an interval unit such as DAY")
    cursor.advance()
    _parameter(cursor, first, "precision", 2, 0, 9)
    if cursor.take("TO"):
        last = cursor.token
        if units.get(last.upper) != units[first.upper]:
            raise cursor.unexpected("a unit of the same kind")
        cursor.advance()
        _parameter(cursor, last, "precision", 6, 0, 9)
    return simple((TypeRoot.INTERVAL_YEAR_MONTH, TypeRoot.INTERVAL_DAY_TIME)[units[first.upper]])


def _element(root: TypeRoot) -> Callable[[Cursor, Token], DataType]:
    def parse(cursor: Cursor, token: Token) -> DataType:
        cursor.expect("<")
        element = parse_type(cursor)
        _close(cursor)
        return DataType(root, element=element)

    return parse


def _map(cursor: Cursor, token: Token) -> DataType:
    cursor.expect("<")
    key = parse_type(cursor)
    cursor.expect(",")
    value = parse_type(cursor)
    _close(cursor)
    return DataType(TypeRoot.MAP, key=key, value=value)


def _close(cursor: Cursor) -> None:
    cursor.expect(">")


def _row(cursor: Cursor, token: Token) -> DataType:
    closer = ">" if cursor.take("<") else ")"
    if closer == ")":
        cursor.expect("(", hint="A row type is written ROW<name TYPE, ...>.")
    fields: dict[str, Field] = {}
    if not cursor.at(closer) and not (closer == ">" and cursor.at("<>")):
        cursor.listed(lambda: _field(cursor, fields))
    cursor.expect(closer)
    if not fields:
        raise cursor.error("bad-type", "a ROW needs at least one field", cursor.since(token.span))
    return DataType(TypeRoot.ROW, fields=tuple(fields.values()))


def _field(cursor: Cursor, fields: dict[str, Field]) -> None:
    name = cursor.name("a field name")
    if name.text in fields:
        raise cursor.error("duplicate-column", f"the field `{name.text}` is there twice", name.span)
    fields[name.text] = Field(name.text, parse_type(cursor))
    if cursor.token.kind is TokenKind.STRING:
        cursor.advance()


_PARSERS: dict[str, Callable[[Cursor, Token], DataType]] = {
    "CHAR": _text(TypeRoot.CHAR),
    "VARCHAR": _text(TypeRoot.VARCHAR),
    "STRING": lambda cursor, token: string(),
    "BINARY": _text(TypeRoot.BINARY),
    "VARBINARY": _text(TypeRoot.VARBINARY),
    "BYTES": lambda cursor, token: bytes_(),
    "DECIMAL": _decimal,
    "DEC": _decimal,
    "NUMERIC": _decimal,
    "DOUBLE": _double,
    "TIME": _time,
    "TIMESTAMP": _timestamp,
    "TIMESTAMP_LTZ": _timestamp_ltz,
    "INTERVAL": _interval,
    "ARRAY": _element(TypeRoot.ARRAY),
    "MULTISET": _element(TypeRoot.MULTISET),
    "MAP": _map,
    "ROW": _row,
}
