"""Arrays, maps and rows: constructors, access, and functions over them."""

from __future__ import annotations

from collections.abc import Callable

from tidemill.model import DataType, Field, TypeRoot
from tidemill.model.types import BOOLEAN, INT, STRING
from tidemill.sql.expressions import Expression, Literal
from tidemill.sql.functions.coerce import cast_to, common_type
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
    as_int,
    as_text,
    count,
    fixed,
    is_null_literal,
    literal_text,
    refuse,
    shared_type,
    table,
)


def _element(expression: Expression) -> DataType:
    """The element type of an array, or the refusal."""
    if expression.type.root is not TypeRoot.ARRAY or expression.type.element is None:
        raise refuse(expression, "ARRAY")
    return expression.type.element


# --- constructors and access ---------------------------------------------------------------------


def _bind_array(arguments: Arguments) -> BoundCall:
    count(arguments, 1, None)
    shared = shared_type(arguments, "its elements")
    bound = tuple(cast_to(a, shared) for a in arguments)
    return BoundCall(bound, DataType(TypeRoot.ARRAY, False, element=shared))


def _bind_map(arguments: Arguments) -> BoundCall:
    count(arguments, 2, None)
    if len(arguments) % 2:
        raise FunctionArgumentError("takes keys and values in pairs")
    key = shared_type(arguments[::2], "its keys")
    value = shared_type(arguments[1::2], "its values")
    bound = tuple(cast_to(a, value if i % 2 else key) for i, a in enumerate(arguments))
    return BoundCall(bound, DataType(TypeRoot.MAP, False, key=key, value=value))


def _bind_row(arguments: Arguments) -> BoundCall:
    count(arguments, 1, None)
    bound = tuple(as_any(a) for a in arguments)
    fields = tuple(Field(f"EXPR${i}", a.type) for i, a in enumerate(bound))
    return BoundCall(bound, DataType(TypeRoot.ROW, False, fields=fields))


def _bind_field(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    row, name = arguments[0], literal_text(arguments[1], "the field's name")
    for field in row.type.fields:
        if field.name == name:
            nullable = row.type.nullable or field.type.nullable
            return BoundCall(tuple(arguments), field.type.with_nullable(nullable))
    raise FunctionArgumentError(f"finds no field `{name}` in {row.type.sql()}")


def _bind_item(arguments: Arguments) -> BoundCall:
    """An array's element from 1, or a map's value; NULL where there is none."""
    count(arguments, 2)
    base, index = arguments
    if base.type.root is TypeRoot.MAP and base.type.key and base.type.value:
        if common_type((base.type.key, index.type)) is None:
            raise refuse(index, base.type.key.sql())
        if not index.type.is_string:
            index = cast_to(index, base.type.key)
        return BoundCall((base, index), base.type.value.with_nullable(True))
    element = _element(base)
    return BoundCall((base, as_int(index)), element.with_nullable(True))


# --- functions -----------------------------------------------------------------------------------


def _bind_cardinality(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    value = arguments[0]
    if value.type.root not in (TypeRoot.ARRAY, TypeRoot.MAP):
        raise refuse(value, "ARRAY or MAP")
    return BoundCall((value,), INT.with_nullable(value.type.nullable))


def _of_array(result: Callable[[DataType, DataType], DataType]) -> Bind:
    """One array; `result` gives the type from the array's and the element's."""

    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, 1)
        element = _element(arguments[0])
        return BoundCall(tuple(arguments), result(arguments[0].type, element))

    return bind


def _with_element(returns: DataType | None, *, first: bool = False) -> Bind:
    """An array and a value of its element type; `returns` None stands for the array's type."""

    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, 2)
        array, value = arguments
        element = _element(array)
        if is_null_literal(value):
            value = cast_to(value, element)
        shared = common_type((element, value.type))
        if shared is None:
            raise refuse(value, element.sql())
        wanted = shared.with_nullable(element.nullable or value.type.nullable)
        array_type = DataType(TypeRoot.ARRAY, array.type.nullable, element=wanted)
        bound = (cast_to(array, array_type), cast_to(value, wanted))
        result = array_type if returns is None else returns.with_nullable(any_nullable((array,)))
        if first:
            result = returns.with_nullable(any_nullable(arguments)) if returns else result
        return BoundCall(bound, result)

    return bind


def _bind_concat(arguments: Arguments) -> BoundCall:
    count(arguments, 1, None)
    for argument in arguments:
        _element(argument)
    shared = shared_type(arguments, "its arrays")
    bound = tuple(cast_to(a, shared) for a in arguments)
    return BoundCall(bound, shared.with_nullable(any_nullable(arguments)))


def _bind_join(arguments: Arguments) -> BoundCall:
    count(arguments, 2, 3)
    if not _element(arguments[0]).is_string:
        raise refuse(arguments[0], "ARRAY<STRING>")
    bound = (arguments[0], *(as_text(a) for a in arguments[1:]))
    return BoundCall(bound, STRING.with_nullable(any_nullable(arguments)))


def _part_of_map(keys: bool) -> Bind:
    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, 1)
        type_ = arguments[0].type
        part = type_.key if keys else type_.value
        if type_.root is not TypeRoot.MAP or part is None:
            raise refuse(arguments[0], "MAP")
        return BoundCall(tuple(arguments), DataType(TypeRoot.ARRAY, type_.nullable, element=part))

    return bind


def _bind_remove(arguments: Arguments) -> BoundCall:
    bound = _with_element(None)(arguments)
    return BoundCall(bound.arguments, bound.type.with_nullable(arguments[0].type.nullable))


def _of_two_arrays(arguments: Arguments) -> BoundCall:
    """Two arrays, brought to one type."""
    count(arguments, 2)
    return _bind_concat(arguments)


def _bind_slice(arguments: Arguments) -> BoundCall:
    count(arguments, 2, 3)
    array = arguments[0]
    _element(array)
    bound = (array, *(as_int(a) for a in arguments[1:]))
    return BoundCall(bound, array.type.with_nullable(any_nullable(arguments)))


def _bind_sort(arguments: Arguments) -> BoundCall:
    """(array, ascending, NULLs first), the flags as literals."""
    count(arguments, 1, 3)
    if _element(arguments[0]).root in (TypeRoot.MAP, TypeRoot.ROW, TypeRoot.ARRAY):
        raise FunctionArgumentError(f"cannot order values of {arguments[0].type.sql()}")
    for flag in arguments[1:]:
        if not isinstance(flag, Literal) or not isinstance(flag.value, bool):
            raise FunctionArgumentError("takes TRUE or FALSE as its flags")
    return BoundCall(tuple(arguments), arguments[0].type)


def _bind_map_union(arguments: Arguments) -> BoundCall:
    count(arguments, 1, None)
    for argument in arguments:
        if argument.type.root is not TypeRoot.MAP:
            raise refuse(argument, "MAP")
    shared = shared_type(arguments, "its maps")
    bound = tuple(cast_to(a, shared) for a in arguments)
    return BoundCall(bound, shared.with_nullable(any_nullable(arguments)))


def _bind_map_entries(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    type_ = arguments[0].type
    if type_.root is not TypeRoot.MAP or type_.key is None or type_.value is None:
        raise refuse(arguments[0], "MAP")
    row = DataType(TypeRoot.ROW, fields=(Field("key", type_.key), Field("value", type_.value)))
    return BoundCall(tuple(arguments), DataType(TypeRoot.ARRAY, type_.nullable, element=row))


def _bind_map_from_arrays(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    key, value = _element(arguments[0]), _element(arguments[1])
    type_ = DataType(TypeRoot.MAP, any_nullable(arguments), key=key, value=value)
    return BoundCall(tuple(arguments), type_)


_SPLIT = DataType(TypeRoot.ARRAY, element=STRING)

FUNCTIONS: FunctionTable = table(
    ScalarFunction("ARRAY", _bind_array, "ARRAY[value, ...]"),
    ScalarFunction("MAP", _bind_map, "MAP[key, value, ...]"),
    ScalarFunction("ROW", _bind_row, "ROW(value, ...)"),
    ScalarFunction("FIELD", _bind_field, "row.field"),
    ScalarFunction("ITEM", _bind_item, "array[index], map[key]"),
    ScalarFunction("CARDINALITY", _bind_cardinality, "CARDINALITY(array or map)"),
    ScalarFunction(
        "ELEMENT",
        _of_array(lambda array, element: element.with_nullable(array.nullable or element.nullable)),
        "ELEMENT(array)",
    ),
    ScalarFunction("ARRAY_CONTAINS", _with_element(BOOLEAN), "ARRAY_CONTAINS(array, value)"),
    ScalarFunction(
        "ARRAY_POSITION", _with_element(INT, first=True), "ARRAY_POSITION(array, value)"
    ),
    ScalarFunction("ARRAY_APPEND", _with_element(None), "ARRAY_APPEND(array, value)"),
    ScalarFunction("ARRAY_PREPEND", _with_element(None), "ARRAY_PREPEND(array, value)"),
    ScalarFunction("ARRAY_CONCAT", _bind_concat, "ARRAY_CONCAT(array, ...)"),
    ScalarFunction("ARRAY_JOIN", _bind_join, "ARRAY_JOIN(array, delimiter [, null text])"),
    ScalarFunction("ARRAY_DISTINCT", _of_array(lambda array, _: array), "ARRAY_DISTINCT(array)"),
    ScalarFunction("ARRAY_REVERSE", _of_array(lambda array, _: array), "ARRAY_REVERSE(array)"),
    ScalarFunction(
        "ARRAY_MAX", _of_array(lambda _, element: element.with_nullable(True)), "ARRAY_MAX(array)"
    ),
    ScalarFunction(
        "ARRAY_MIN", _of_array(lambda _, element: element.with_nullable(True)), "ARRAY_MIN(array)"
    ),
    ScalarFunction("ARRAY_REMOVE", _bind_remove, "ARRAY_REMOVE(array, value)"),
    ScalarFunction("ARRAY_SLICE", _bind_slice, "ARRAY_SLICE(array, start [, end])"),
    ScalarFunction("ARRAY_SORT", _bind_sort, "ARRAY_SORT(array [, ascending [, nulls first]])"),
    ScalarFunction("ARRAY_UNION", _of_two_arrays, "ARRAY_UNION(array, array)"),
    ScalarFunction("ARRAY_EXCEPT", _of_two_arrays, "ARRAY_EXCEPT(array, array)"),
    ScalarFunction("ARRAY_INTERSECT", _of_two_arrays, "ARRAY_INTERSECT(array, array)"),
    ScalarFunction("MAP_UNION", _bind_map_union, "MAP_UNION(map, ...)"),
    ScalarFunction("MAP_ENTRIES", _bind_map_entries, "MAP_ENTRIES(map)"),
    ScalarFunction("MAP_FROM_ARRAYS", _bind_map_from_arrays, "MAP_FROM_ARRAYS(keys, values)"),
    ScalarFunction("MAP_KEYS", _part_of_map(keys=True), "MAP_KEYS(map)"),
    ScalarFunction("MAP_VALUES", _part_of_map(keys=False), "MAP_VALUES(map)"),
    ScalarFunction("SPLIT", fixed(as_text, as_text, returns=_SPLIT), "SPLIT(string, delimiter)"),
)
