"""JSON functions over texts."""

from __future__ import annotations

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BOOLEAN, STRING
from tidemill.sql.expressions import Call, Expression, Literal
from tidemill.sql.functions.coerce import cast_to
from tidemill.sql.functions.json_path import json_path
from tidemill.sql.functions.registry import (
    BoundCall,
    FunctionArgumentError,
    FunctionTable,
    ScalarFunction,
)
from tidemill.sql.functions.signatures import (
    Arguments,
    any_nullable,
    as_text,
    count,
    fixed,
    literal_text,
    table,
)

JSON_CALLS = ("JSON_OBJECT", "JSON_ARRAY", "JSON")
"""Functions whose result is put into a JSON object or array as JSON, not as a string."""

_RETURNED = (TypeRoot.BOOLEAN, TypeRoot.INTEGER, TypeRoot.DOUBLE)
_SCALARS = (TypeRoot.BOOLEAN, TypeRoot.BINARY, TypeRoot.VARBINARY)
_NOT_NULL_STRING = STRING.with_nullable(False)


def _path(expression: Expression) -> Literal:
    path = literal_text(expression, "the path")
    json_path(path)
    return Literal(path, expression.type, expression.span)


def _returned(expression: Expression, allowed: tuple[TypeRoot, ...]) -> DataType:
    """The type behind RETURNING; STRING where there is none."""
    type_ = expression.type
    if type_.root is TypeRoot.NULL:
        return STRING
    if type_.root is TypeRoot.VARCHAR and type_.length in (1, STRING.length):
        return STRING  # VARCHAR without a length is STRING here
    if type_.root not in allowed:
        raise FunctionArgumentError(
            f"does not return {type_.sql()}",
            hint="Let it return STRING and cast the result.",
        )
    return type_.with_nullable(True)


def _default(behaviour: Expression, default: Expression, type_: DataType) -> Expression:
    """The value behind DEFAULT, a literal, as the returned type."""
    if literal_text(behaviour, "the behaviour") != "DEFAULT":
        return Literal(None, type_.with_nullable(True))
    if not isinstance(default, Literal) or default.value is None:
        raise FunctionArgumentError("takes a literal behind DEFAULT")
    if type_.is_string and not default.type.is_string:
        raise FunctionArgumentError(
            "takes a string behind DEFAULT here", hint="Write it in single quotes."
        )
    return cast_to(default, type_)


def _bind_value(arguments: Arguments) -> BoundCall:
    """(document, path, on empty, its default, on error, its default)."""
    count(arguments, 7)
    document, path, returning, on_empty, empty, on_error, error = arguments
    type_ = _returned(returning, _RETURNED)
    bound = (
        as_text(document),
        _path(path),
        on_empty,
        _default(on_empty, empty, type_),
        on_error,
        _default(on_error, error, type_),
    )
    return BoundCall(bound, type_)


def _bind_query(arguments: Arguments) -> BoundCall:
    """(document, path, wrapper, on empty, on error)."""
    count(arguments, 6)
    document, path, returning, *words = arguments
    type_ = _returned(returning, (TypeRoot.ARRAY,))
    if type_.element is not None:
        if not type_.element.is_string:
            raise FunctionArgumentError(
                f"does not return {type_.sql()}", hint="Use RETURNING ARRAY<STRING>."
            )
        if any(literal_text(word, "the behaviour") == "EMPTY OBJECT" for word in words):
            raise FunctionArgumentError("has no EMPTY OBJECT where it returns an array")
        type_ = DataType(TypeRoot.ARRAY, element=STRING)
    return BoundCall((as_text(document), _path(path), *words), type_)


def _bind_exists(arguments: Arguments) -> BoundCall:
    count(arguments, 3)
    return BoundCall((as_text(arguments[0]), _path(arguments[1]), arguments[2]), BOOLEAN)


def _bind_is_json(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    return BoundCall((as_text(arguments[0]), arguments[1]), BOOLEAN.with_nullable(False))


# --- constructors --------------------------------------------------------------------------------


def _check_converted(type_: DataType) -> None:
    """Refuse a type that has no JSON in Flink."""
    if type_.root in (TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.ROW):
        if type_.key is not None and not type_.key.is_string:
            raise FunctionArgumentError(
                f"takes maps with STRING keys only, not {type_.sql()}",
                hint="Cast the map's keys to STRING.",
            )
        for inner in (type_.element, type_.value, *(f.type for f in type_.fields)):
            if inner is not None:
                _check_converted(inner)
    elif not (type_.is_string or type_.is_numeric or type_.is_timestamp or type_.root in _SCALARS):
        raise FunctionArgumentError(
            f"cannot write {type_.sql()} as JSON", hint="Cast the value to STRING."
        )


def json_item(expression: Expression) -> Expression:
    """A value that can be written as JSON; a bare NULL becomes a STRING."""
    if expression.type.root is TypeRoot.NULL:
        return cast_to(expression, STRING)
    if not (isinstance(expression, Call) and expression.function in JSON_CALLS):
        _check_converted(expression.type)
    return expression


def _bind_string(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    value = json_item(arguments[0])
    return BoundCall((value,), STRING.with_nullable(any_nullable(arguments)))


def _bind_object(arguments: Arguments) -> BoundCall:
    on_null, *pairs = arguments
    bound = [on_null]
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        literal_text(key, "a key")
        bound += (key, json_item(value))
    return BoundCall(tuple(bound), _NOT_NULL_STRING)


def _bind_array(arguments: Arguments) -> BoundCall:
    on_null, *items = arguments
    return BoundCall((on_null, *map(json_item, items)), _NOT_NULL_STRING)


FUNCTIONS: FunctionTable = table(
    ScalarFunction("IS_JSON", _bind_is_json, "string IS JSON [VALUE | SCALAR | ARRAY | OBJECT]"),
    ScalarFunction(
        "IS_NOT_JSON", _bind_is_json, "string IS NOT JSON [VALUE | SCALAR | ARRAY | OBJECT]"
    ),
    ScalarFunction(
        "JSON_EXISTS",
        _bind_exists,
        "JSON_EXISTS(string, path [TRUE | FALSE | UNKNOWN | ERROR ON ERROR])",
    ),
    ScalarFunction("JSON_STRING", _bind_string, "JSON_STRING(value)"),
    ScalarFunction(
        "JSON_VALUE",
        _bind_value,
        "JSON_VALUE(string, path [RETURNING type] [NULL | ERROR | DEFAULT literal ON EMPTY] "
        "[... ON ERROR])",
    ),
    ScalarFunction(
        "JSON_QUERY",
        _bind_query,
        "JSON_QUERY(string, path [RETURNING type] [WITHOUT | WITH [CONDITIONAL] WRAPPER] "
        "[NULL | ERROR | EMPTY ARRAY | EMPTY OBJECT ON EMPTY] [... ON ERROR])",
    ),
    ScalarFunction(
        "JSON_OBJECT", _bind_object, "JSON_OBJECT([[KEY] name VALUE value, ...] [ABSENT ON NULL])"
    ),
    ScalarFunction("JSON_ARRAY", _bind_array, "JSON_ARRAY([value, ...] [NULL ON NULL])"),
    ScalarFunction(
        "JSON", fixed(as_text, returns=STRING, nullable=True), "JSON(string) in a JSON constructor"
    ),
    ScalarFunction("JSON_QUOTE", fixed(as_text, returns=STRING), "JSON_QUOTE(string)"),
    ScalarFunction("JSON_UNQUOTE", fixed(as_text, returns=STRING), "JSON_UNQUOTE(string)"),
)
