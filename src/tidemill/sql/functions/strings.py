"""String functions."""

from __future__ import annotations

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BOOLEAN, INT, STRING
from tidemill.sql.expressions import Literal
from tidemill.sql.functions.coerce import cast_to
from tidemill.sql.functions.regex import check_java_pattern
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
    as_bytes_or_text,
    as_int,
    as_text,
    count,
    fixed,
    literal_text,
    shared_type,
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
    separator = as_int(separator) if separator.type.is_integer else as_text(separator)
    return BoundCall((as_text(text), separator, as_int(index)), _NULLABLE_STRING)


def _bind_is_text(arguments: Arguments) -> BoundCall:
    """Of a string, or of a number, for which the answer is known."""
    count(arguments, 1)
    value = as_any(arguments[0])
    if not value.type.is_numeric:
        value = as_text(value)
    return BoundCall((value,), BOOLEAN.with_nullable(False))


def _bind_elt(arguments: Arguments) -> BoundCall:
    count(arguments, 2, None)
    index, *values = arguments
    shared = shared_type(values, "its values")
    bound = (as_int(index), *(cast_to(as_bytes_or_text(v), shared) for v in values))
    return BoundCall(bound, shared.with_nullable(True))


_PRINTED = (TypeRoot.BOOLEAN, TypeRoot.FLOAT, TypeRoot.DOUBLE, TypeRoot.DECIMAL)


def _bind_printf(arguments: Arguments) -> BoundCall:
    count(arguments, 1, None)
    format_, *values = arguments
    bound = [as_text(format_)]
    for value in values:
        shown = as_any(value)
        if not (shown.type.is_string or shown.type.is_integer or shown.type.root in _PRINTED):
            raise FunctionArgumentError(
                f"takes strings, numbers and booleans, not {shown.type.sql()}",
                hint="Cast the value to STRING and print it with %s.",
            )
        bound.append(shown)
    return BoundCall(tuple(bound), STRING)


def _bind_str_to_map(arguments: Arguments) -> BoundCall:
    count(arguments, 1, 3)
    if len(arguments) == 2:
        raise FunctionArgumentError("takes both delimiters, or none")
    bound = [as_text(a) for a in arguments]
    for delimiter in bound[1:]:
        if isinstance(delimiter, Literal) and isinstance(delimiter.value, str):
            check_java_pattern(delimiter.value)
    for missing in (",", "=")[len(bound) - 1 :]:
        bound.append(Literal(missing, STRING.with_nullable(False)))
    type_ = DataType(TypeRoot.MAP, any_nullable(arguments), key=STRING, value=STRING)
    return BoundCall(tuple(bound), type_)


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
    ScalarFunction(
        "POSITION",
        fixed(as_text, as_text, as_int, returns=INT, optional=1),
        "POSITION(string IN string [FROM position])",
    ),
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
    ScalarFunction(
        "TRANSLATE",
        fixed(as_text, as_text, as_text, returns=STRING, nullable=True),
        "TRANSLATE(string, characters, replacements)",
    ),
    ScalarFunction("ELT", _bind_elt, "ELT(index, value, ...)"),
    ScalarFunction("PRINTF", _bind_printf, "PRINTF(format, value, ...)"),
    ScalarFunction(
        "STR_TO_MAP", _bind_str_to_map, "STR_TO_MAP(string [, pair delimiter, value delimiter])"
    ),
    ScalarFunction(
        "UUID",
        fixed(returns=DataType(TypeRoot.CHAR, length=36), nullable=False),
        "UUID()",
        volatile=True,
    ),
    ScalarFunction("IS_DECIMAL", _bind_is_text, "IS_DECIMAL(string)"),
    ScalarFunction("IS_ALPHA", _bind_is_text, "IS_ALPHA(string)"),
    ScalarFunction("IS_DIGIT", _bind_is_text, "IS_DIGIT(string)"),
    ScalarFunction(
        "STARTSWITH", fixed(as_text, as_text, returns=BOOLEAN), "STARTSWITH(string, prefix)"
    ),
    ScalarFunction(
        "ENDSWITH", fixed(as_text, as_text, returns=BOOLEAN), "ENDSWITH(string, suffix)"
    ),
)
