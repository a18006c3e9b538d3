"""Texts and numbers in other writings: hexadecimal, base 64, character sets."""

from __future__ import annotations

from tidemill.model import TypeRoot
from tidemill.model.types import INT, STRING, bytes_
from tidemill.sql.expressions import Expression, Literal
from tidemill.sql.functions.registry import (
    BoundCall,
    FunctionArgumentError,
    FunctionTable,
    ScalarFunction,
)
from tidemill.sql.functions.signatures import (
    Arguments,
    any_nullable,
    as_bigint,
    as_bytes_or_text,
    as_text,
    count,
    fixed,
    literal_text,
    table,
)

CHARSETS = ("US-ASCII", "ISO-8859-1", "UTF-8", "UTF-16BE", "UTF-16LE", "UTF-16")
_ALIASES = {"UTF8": "UTF-8", "ASCII": "US-ASCII", "LATIN1": "ISO-8859-1", "UTF16": "UTF-16"}


def _bind_hex(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    value = arguments[0]
    value = as_bigint(value) if value.type.is_integer else as_text(value)
    return BoundCall((value,), STRING.with_nullable(any_nullable(arguments)))


def _charset(argument: Expression) -> Literal:
    name = literal_text(argument, "the character set").upper().replace("_", "-")
    name = _ALIASES.get(name, name)
    if name not in CHARSETS:
        raise FunctionArgumentError(
            f"does not know the character set {name}", hint=f"Use one of {', '.join(CHARSETS)}."
        )
    return Literal(name, argument.type, argument.span)


def _bind_encode(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    bound = (as_text(arguments[0]), _charset(arguments[1]))
    return BoundCall(bound, bytes_(any_nullable(arguments)))


def _bind_decode(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    value = as_bytes_or_text(arguments[0])
    if value.type.root not in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        raise FunctionArgumentError(f"takes BYTES, not {value.type.sql()}")
    bound = (value, _charset(arguments[1]))
    return BoundCall(bound, STRING.with_nullable(any_nullable(arguments)))


FUNCTIONS: FunctionTable = table(
    ScalarFunction("ASCII", fixed(as_text, returns=INT), "ASCII(string)"),
    ScalarFunction("CHR", fixed(as_bigint, returns=STRING, nullable=True), "CHR(integer)"),
    ScalarFunction("TO_BASE64", fixed(as_bytes_or_text, returns=STRING), "TO_BASE64(string)"),
    ScalarFunction("FROM_BASE64", fixed(as_text, returns=STRING), "FROM_BASE64(string)"),
    ScalarFunction("HEX", _bind_hex, "HEX(integer or string)"),
    ScalarFunction("UNHEX", fixed(as_text, returns=bytes_(True), nullable=True), "UNHEX(string)"),
    ScalarFunction("BIN", fixed(as_bigint, returns=STRING), "BIN(integer)"),
    ScalarFunction("ENCODE", _bind_encode, "ENCODE(string, character set)"),
    ScalarFunction("DECODE", _bind_decode, "DECODE(bytes, character set)"),
)
