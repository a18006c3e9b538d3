"""Operators: arithmetic, comparison, logic, IS, BETWEEN, IN, LIKE."""

from __future__ import annotations

from collections.abc import Callable

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BOOLEAN, DOUBLE
from tidemill.sql.expressions import Expression, Literal
from tidemill.sql.functions.coerce import (
    MAX_PRECISION,
    addition_decimal,
    as_decimal,
    cast_to,
    common_type,
    comparison_type,
    division_decimal,
    modulo_decimal,
    multiplication_decimal,
)
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
    as_boolean,
    as_number,
    as_text,
    count,
    is_null_literal,
    literal_text,
    shared_type,
    table,
)

_NOT_NULL_BOOLEAN = BOOLEAN.with_nullable(False)
_TEMPORAL = (TypeRoot.DATE, TypeRoot.TIME, TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ)


# --- arithmetic ----------------------------------------------------------------------------------


def _arithmetic(
    decimal_rule: Callable[[DataType, DataType], DataType], *, second_wins: bool = False
) -> Bind:
    """Numbers only. Decimal operands keep their own types; others are brought to the result's."""

    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, 2)
        left, right = (as_number(a) for a in arguments)
        nullable = any_nullable(arguments)
        shared = shared_type((left, right))
        if shared.root is TypeRoot.DECIMAL:
            result = decimal_rule(left.type, right.type)
            if _digits_lost(left, right, decimal_rule):
                raise FunctionArgumentError(
                    f"cannot multiply {left.type.sql()} by {right.type.sql()} exactly",
                    hint="Cast one side to fewer digits after the point, or to DOUBLE.",
                )
            return BoundCall((left, right), result.with_nullable(nullable))
        result = right.type if second_wins else shared
        operands = (cast_to(left, shared), cast_to(right, shared))
        return BoundCall(operands, result.with_nullable(nullable))

    return bind


def _digits_lost(
    left: Expression, right: Expression, rule: Callable[[DataType, DataType], DataType]
) -> bool:
    """Whether the exact product has more digits after the point than 38."""
    scales = (as_decimal(left.type).scale or 0) + (as_decimal(right.type).scale or 0)
    return rule is multiplication_decimal and scales > MAX_PRECISION


_add_numbers = _arithmetic(addition_decimal)


def _plus_or_minus(arguments: Arguments, *, minus: bool) -> BoundCall:
    count(arguments, 2)
    left, right = arguments
    nullable = any_nullable(arguments)
    if left.type.is_interval and right.type.root in _TEMPORAL and not minus:
        left, right = right, left
    if left.type.root in _TEMPORAL and right.type.is_interval:
        return BoundCall((left, right), left.type.with_nullable(nullable))
    if left.type.is_interval and left.type.root is right.type.root:
        return BoundCall((left, right), left.type.with_nullable(nullable))
    if minus and left.type.root in _TEMPORAL and right.type.root in _TEMPORAL:
        raise FunctionArgumentError(
            f"cannot take {right.type.sql()} from {left.type.sql()}",
            hint="Use TIMESTAMPDIFF(SECOND, earlier, later).",
        )
    return _add_numbers(arguments)


def _bind_plus(arguments: Arguments) -> BoundCall:
    return _plus_or_minus(arguments, minus=False)


def _bind_minus(arguments: Arguments) -> BoundCall:
    return _plus_or_minus(arguments, minus=True)


_multiply_numbers = _arithmetic(multiplication_decimal)


def _bind_times(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    left, right = arguments
    if left.type.is_integer and right.type.is_interval:
        left, right = right, left
    if left.type.is_interval and right.type.is_integer:
        return BoundCall((left, right), left.type.with_nullable(any_nullable(arguments)))
    return _multiply_numbers(arguments)


_mod_numbers = _arithmetic(modulo_decimal, second_wins=True)


def _bind_mod(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    for argument in arguments:
        if argument.type.root in (TypeRoot.FLOAT, TypeRoot.DOUBLE):
            raise FunctionArgumentError(
                f"takes exact numbers, not {argument.type.sql()}",
                hint="Cast the argument to DECIMAL or BIGINT.",
            )
    return _mod_numbers(arguments)


def _bind_negate(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    argument = arguments[0]
    if not argument.type.is_interval:
        argument = as_number(argument)
    return BoundCall((argument,), argument.type)


# --- comparison ----------------------------------------------------------------------------------

_CONSTRUCTED = (TypeRoot.ARRAY, TypeRoot.ROW, TypeRoot.MAP, TypeRoot.MULTISET)


def compared_type(left: Expression, right: Expression, *, ordered: bool) -> DataType:
    """The type in which two expressions are compared, or the refusal."""
    one, two = left.type, right.type
    shared = comparison_type(one, two)
    if shared is None:
        raise FunctionArgumentError(
            f"cannot compare {one.sql()} with {two.sql()}",
            hint="Cast one side to the other's type.",
        )
    if shared.root is TypeRoot.FLOAT and TypeRoot.DOUBLE in (one.root, two.root):
        return DOUBLE
    if shared.root is TypeRoot.DECIMAL:
        scales = [as_decimal(t).scale or 0 for t in (one, two) if t.root is not TypeRoot.NULL]
        if (shared.scale or 0) < max(scales):
            raise FunctionArgumentError(
                f"cannot compare {one.sql()} with {two.sql()} without losing digits",
                hint="Cast one side to fewer digits.",
            )
    if shared.root in (TypeRoot.MAP, TypeRoot.MULTISET) or (
        ordered and shared.root in _CONSTRUCTED
    ):
        raise FunctionArgumentError(f"cannot compare values of {shared.sql()}")
    return shared


def operand(expression: Expression, shared: DataType) -> Expression:
    """One side of a comparison; strings are compared as they are, whatever their lengths."""
    if shared.is_string and expression.type.is_string:
        return expression
    return cast_to(expression, shared)


def _comparison(*, ordered: bool, null_safe: bool = False) -> Bind:
    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, 2)
        left, right = arguments
        if is_null_literal(left) and is_null_literal(right):
            left, right = as_any(left), as_any(right)
        shared = compared_type(left, right, ordered=ordered)
        nullable = any_nullable(arguments) and not null_safe
        operands = (operand(left, shared), operand(right, shared))
        return BoundCall(operands, BOOLEAN.with_nullable(nullable))

    return bind


def _bind_between(arguments: Arguments) -> BoundCall:
    count(arguments, 3)
    value, low, high = arguments
    shared = compared_type(value, low, ordered=True)
    upper = compared_type(value, high, ordered=True)
    if shared.with_nullable(True) != upper.with_nullable(True) and not shared.is_string:
        wider = common_type((shared, upper))
        if wider is None:
            raise FunctionArgumentError(
                f"cannot compare {value.type.sql()} with both {low.type.sql()} and "
                f"{high.type.sql()}",
                hint="Cast the bounds to the type of the value.",
            )
        shared = wider
    coerced = tuple(operand(a, shared) for a in arguments)
    return BoundCall(coerced, BOOLEAN.with_nullable(any_nullable(arguments)))


def _bind_in(arguments: Arguments) -> BoundCall:
    count(arguments, 2, None)
    value, *items = arguments
    shared = compared_type(value, items[0], ordered=False)
    for item in items[1:]:
        one = compared_type(value, item, ordered=False)
        merged = common_type((shared, one))
        if merged is None:
            raise FunctionArgumentError(
                f"has no common type for its list: {shared.sql()}, {one.sql()}",
                hint="Cast the items to the type of the value.",
            )
        shared = merged
    coerced = tuple(operand(a, shared) for a in arguments)
    # Rows are compared field by field, and a field may be NULL.
    nullable = any_nullable(arguments) or shared.root is TypeRoot.ROW
    return BoundCall(coerced, BOOLEAN.with_nullable(nullable))


# --- logic ---------------------------------------------------------------------------------------


def _bind_connective(arguments: Arguments) -> BoundCall:
    count(arguments, 2, None)
    coerced = tuple(as_boolean(a) for a in arguments)
    return BoundCall(coerced, BOOLEAN.with_nullable(any_nullable(arguments)))


def _bind_not(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    return BoundCall((as_boolean(arguments[0]),), BOOLEAN.with_nullable(any_nullable(arguments)))


def _bind_is_null(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    return BoundCall((as_any(arguments[0]),), _NOT_NULL_BOOLEAN)


def _bind_is_truth(arguments: Arguments) -> BoundCall:
    count(arguments, 1)
    return BoundCall((as_boolean(arguments[0]),), _NOT_NULL_BOOLEAN)


# --- patterns ------------------------------------------------------------------------------------


def _bind_like(arguments: Arguments) -> BoundCall:
    count(arguments, 2, 3)
    coerced = tuple(as_text(a) for a in arguments)
    if len(coerced) == 3:
        escape = literal_text(coerced[2], "the escape character")
        if len(escape) != 1:
            raise FunctionArgumentError(f"takes one escape character, not {escape!r}")
        if isinstance(coerced[1], Literal) and isinstance(coerced[1].value, str):
            check_escapes(coerced[1].value, escape)
    return BoundCall(coerced, BOOLEAN.with_nullable(any_nullable(arguments)))


def check_escapes(pattern: str, escape: str) -> None:
    """Refuse an escape character that stands before anything but %, _ or itself."""
    index = 0
    while index < len(pattern):
        if pattern[index] == escape:
            index += 1
            if index == len(pattern) or pattern[index] not in ("%", "_", escape):
                raise FunctionArgumentError(
                    f"has an invalid escape sequence in {pattern!r}",
                    hint=f"Write {escape}{escape} for a plain {escape}.",
                )
        index += 1


def _operator(name: str, bind: Bind, signature: str) -> ScalarFunction:
    return ScalarFunction(name, bind, signature)


FUNCTIONS: FunctionTable = table(
    _operator("PLUS", _bind_plus, "numeric + numeric, temporal + interval"),
    _operator("MINUS", _bind_minus, "numeric - numeric, temporal - interval"),
    _operator("TIMES", _bind_times, "numeric * numeric, interval * integer"),
    _operator("DIVIDE", _arithmetic(division_decimal), "numeric / numeric"),
    _operator("MOD", _bind_mod, "MOD(exact numeric, exact numeric), also %"),
    _operator("NEGATE", _bind_negate, "- numeric, - interval"),
    _operator("EQUALS", _comparison(ordered=False), "value = value"),
    _operator("NOT_EQUALS", _comparison(ordered=False), "value <> value"),
    _operator("LESS_THAN", _comparison(ordered=True), "value < value"),
    _operator("LESS_THAN_OR_EQUAL", _comparison(ordered=True), "value <= value"),
    _operator("GREATER_THAN", _comparison(ordered=True), "value > value"),
    _operator("GREATER_THAN_OR_EQUAL", _comparison(ordered=True), "value >= value"),
    _operator("AND", _bind_connective, "boolean AND boolean"),
    _operator("OR", _bind_connective, "boolean OR boolean"),
    _operator("NOT", _bind_not, "NOT boolean"),
    _operator("IS_NULL", _bind_is_null, "value IS NULL"),
    _operator("IS_NOT_NULL", _bind_is_null, "value IS NOT NULL"),
    _operator("IS_TRUE", _bind_is_truth, "boolean IS TRUE"),
    _operator("IS_NOT_TRUE", _bind_is_truth, "boolean IS NOT TRUE"),
    _operator("IS_FALSE", _bind_is_truth, "boolean IS FALSE"),
    _operator("IS_NOT_FALSE", _bind_is_truth, "boolean IS NOT FALSE"),
    _operator("IS_UNKNOWN", _bind_is_truth, "boolean IS UNKNOWN"),
    _operator("IS_NOT_UNKNOWN", _bind_is_truth, "boolean IS NOT UNKNOWN"),
    _operator(
        "IS_DISTINCT_FROM",
        _comparison(ordered=False, null_safe=True),
        "value IS DISTINCT FROM value",
    ),
    _operator(
        "IS_NOT_DISTINCT_FROM",
        _comparison(ordered=False, null_safe=True),
        "value IS NOT DISTINCT FROM value",
    ),
    _operator("BETWEEN", _bind_between, "value BETWEEN low AND high"),
    _operator("NOT_BETWEEN", _bind_between, "value NOT BETWEEN low AND high"),
    _operator("SYMMETRIC_BETWEEN", _bind_between, "value BETWEEN SYMMETRIC one AND other"),
    _operator("NOT_SYMMETRIC_BETWEEN", _bind_between, "value NOT BETWEEN SYMMETRIC one AND other"),
    _operator("IN", _bind_in, "value IN (item, ...)"),
    _operator("NOT_IN", _bind_in, "value NOT IN (item, ...)"),
    _operator("LIKE", _bind_like, "string LIKE pattern [ESCAPE character]"),
    _operator("NOT_LIKE", _bind_like, "string NOT LIKE pattern [ESCAPE character]"),
)
