"""String functions."""

from __future__ import annotations

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BOOLEAN, INT, STRING, bytes_
from tidemill.sql.functions.registry import (
    BoundCall,
    FunctionArgumentError,
    FunctionTable,
    ScalarFunction,
)
from tidemill.sql.functions.signatures import (
    Arguments,
    Bind,
    any_nullable,
    as_any,
    as_bigint,
    as_bytes_or_text,
    as_int,
    as_text,
    count,
    fixed,
    literal_text,
    table,
)

_NULLABLE_STRING = STRING.with_nullable(True)


def _same_text(arguments: Arguments) -> BoundCall:
    """One string in, a string of the same type out."""
    count(arguments, 1)
    value = as_text(arguments[0])
    return BoundCall((value,), value.type)


def _varying(type_: DataType) -> DataType:
    return DataType(TypeRoot.VARCHAR, type_.nullable, length=type_.length)


def _bind_trim(arguments: Arguments) -> BoundCall:
    """TRIM([BOTH | LEADING | TRAILING] [characters FROM] string), as mode, characters, string."""
    count(arguments, 1, 3)
    bound = tuple(as_text(a) for a in arguments)
    if len(bound) == 3:
        mode = literal_text(bound[0], "BOTH, LEADING or TRAILING").upper()
        if mode not in ("BOTH", "LEADING", "TRAILING"):
            raise FunctionArgumentError(f"takes BOTH, LEADING or TRAILING, not {mode!r}")
    result = _varying(bound[-1].type)
    return BoundCall(bound, result.with_nullable(any_nullable(arguments)))


def _bind_substring(arguments: Arguments) -> BoundCall:
    count(arguments, 2, 3)
    value = as_text(arguments[0])
    bound = (value, *(as_int(a) for a in arguments[1:]))
    # Of a negative length it is NULL, so that it is nullable whatever the arguments are.
    return BoundCall(bound, _varying(value.type).with_nullable(True))


def _bind_end(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    value, length = as_text(arguments[0]), as_int(arguments[1])
    return BoundCall((value, length), _varying(value.type).with_nullable(True))


def _bind_trim_set(arguments: Arguments) -> BoundCall:
    count(arguments, 1, 2)
    bound = tuple(as_text(a) for a in arguments)
    result = _varying(bound[0].type).with_nullable(any_nullable(arguments))
    return BoundCall(bound, result)


def _texts(least: int) -> Bind:
    """Any number of strings."""

    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, least, None)
        bound = tuple(as_text(a) for a in arguments)
        return BoundCall(bound, STRING.with_nullable(any_nullable(arguments)))

    return bind


def _bind_concat_operator(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    left, right = (as_text(a) for a in arguments)
    length = min((left.type.length or 0) + (right.type.length or 0), STRING.length or 0)
    fixed_length = left.type.root is right.type.root is TypeRoot.CHAR
    root = TypeRoot.CHAR if fixed_length else TypeRoot.VARCHAR
    return BoundCall((left, right), DataType(root, any_nullable(arguments), length=length))


def _bind_overlay(arguments: Arguments) -> BoundCall:
    count(arguments, 3, 4)
    texts = tuple(as_text(a) for a in arguments[:2])
    numbers = tuple(as_int(a) for a in arguments[2:])
    return BoundCall((*texts, *numbers), STRING.with_nullable(any_nullable(arguments)))


def _bind_split_index(arguments: Arguments) -> BoundCall:
    count(arguments, 3)
    text, separator, index = arguments
    if separator.type.is_integer:
        raise FunctionArgumentError(
            "takes a string as the separator here, not a character code",
            hint="Write the character itself, as ',' for 44.",
        )
    return BoundCall((as_text(text), as_text(separator), as_int(index)), _NULLABLE_STRING)


def _bind_hex(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    value = arguments[0]
    value = as_bigint(value) if value.type.is_integer else as_text(value)
    return BoundCall((value,), STRING.with_nullable(any_nullable(arguments)))


def _charset(arguments: Arguments) -> None:
    name = literal_text(arguments[1], "the character set").upper().replace("_", "-")
    if name not in ("UTF-8", "UTF8"):
        raise FunctionArgumentError(f"takes the character set UTF-8 only, not {name}")


def _bind_encode(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    _charset(arguments)
    bound = (as_text(arguments[0]),)
    return BoundCall(bound, bytes_(any_nullable(arguments)))


def _bind_decode(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    _charset(arguments)
    if as_bytes_or_text(arguments[0]).type.root not in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        raise FunctionArgumentError(f"takes BYTES, not {arguments[0].type.sql()}")
    return BoundCall((arguments[0],), STRING.with_nullable(any_nullable(arguments)))


def _bind_is_text(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    return BoundCall((as_text(as_any(arguments[0])),), BOOLEAN.with_nullable(False))


_trim_set = fixed(as_text, as_text, returns=STRING, optional=1)

FUNCTIONS: FunctionTable = table(
    ScalarFunction("UPPER", _same_text, "UPPER(string)"),
    ScalarFunction("LOWER", _same_text, "LOWER(string)"),
    ScalarFunction("TRIM", _bind_trim, "TRIM([BOTH | LEADING | TRAILING] [string FROM] string)"),
    ScalarFunction("LTRIM", _bind_trim_set, "LTRIM(string [, characters])"),
    ScalarFunction("RTRIM", _bind_trim_set, "RTRIM(string [, characters])"),
    ScalarFunction("BTRIM", _trim_set, "BTRIM(string [, characters])"),
    ScalarFunction("SUBSTRING", _bind_substring, "SUBSTRING(string FROM start [FOR length])"),
    ScalarFunction("LEFT", _bind_end, "LEFT(string, length)"),
    ScalarFunction("RIGHT", _bind_end, "RIGHT(string, length)"),
    ScalarFunction("CONCAT", _texts(1), "CONCAT(string, ...)"),
    ScalarFunction("CONCAT_OPERATOR", _bind_concat_operator, "string || string"),
    ScalarFunction("CONCAT_WS", _texts(1), "CONCAT_WS(separator, string, ...)"),
    ScalarFunction("CHAR_LENGTH", fixed(as_text, returns=INT), "CHAR_LENGTH(string)"),
    ScalarFunction(
        "REPLACE",
        fixed(as_text, as_text, as_text, returns=STRING),
        "REPLACE(string, search, replacement)",
    ),
    ScalarFunction("POSITION", fixed(as_text, as_text, returns=INT), "POSITION(string IN string)"),
    ScalarFunction(
        "LOCATE",
        fixed(as_text, as_text, as_int, returns=INT, optional=1),
        "LOCATE(search, string [, position])",
    ),
    ScalarFunction("INSTR", fixed(as_text, as_text, returns=INT), "INSTR(string, search)"),
    ScalarFunction(
        "LPAD", fixed(as_text, as_int, as_text, returns=STRING), "LPAD(string, length, pad)"
    ),
    ScalarFunction(
        "RPAD", fixed(as_text, as_int, as_text, returns=STRING), "RPAD(string, length, pad)"
    ),
    ScalarFunction("REPEAT", fixed(as_text, as_int, returns=STRING), "REPEAT(string, times)"),
    ScalarFunction("REVERSE", fixed(as_text, returns=STRING), "REVERSE(string)"),
    ScalarFunction("INITCAP", _same_text, "INITCAP(string)"),
    ScalarFunction(
        "OVERLAY", _bind_overlay, "OVERLAY(string PLACING string FROM start [FOR length])"
    ),
    ScalarFunction(
        "SPLIT_INDEX", _bind_split_index, "SPLIT_INDEX(string, separator, index from 0)"
    ),
    ScalarFunction("ASCII", fixed(as_text, returns=INT), "ASCII(string)"),
    ScalarFunction("CHR", fixed(as_bigint, returns=STRING, nullable=True), "CHR(integer)"),
    ScalarFunction("TO_BASE64", fixed(as_text, returns=STRING), "TO_BASE64(string)"),
    ScalarFunction("FROM_BASE64", fixed(as_text, returns=STRING), "FROM_BASE64(string)"),
    ScalarFunction("HEX", _bind_hex, "HEX(integer or string)"),
    ScalarFunction("BIN", fixed(as_bigint, returns=STRING), "BIN(integer)"),
    ScalarFunction("ENCODE", _bind_encode, "ENCODE(string, 'UTF-8')"),
    ScalarFunction("DECODE", _bind_decode, "DECODE(bytes, 'UTF-8')"),
    ScalarFunction("IS_ALPHA", _bind_is_text, "IS_ALPHA(string)"),
    ScalarFunction("IS_DIGIT", _bind_is_text, "IS_DIGIT(string)"),
    ScalarFunction(
        "STARTSWITH", fixed(as_text, as_text, returns=BOOLEAN), "STARTSWITH(string, prefix)"
    ),
    ScalarFunction(
        "ENDSWITH", fixed(as_text, as_text, returns=BOOLEAN), "ENDSWITH(string, suffix)"
    ),
)
