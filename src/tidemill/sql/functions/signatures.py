"""Building blocks for declarations: counting arguments, checking families, coercing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BIGINT, DOUBLE, INT, string
from tidemill.sql.expressions import Call, Expression, Literal
from tidemill.sql.functions.coerce import cast_to, common_type
from tidemill.sql.functions.registry import BoundCall, FunctionArgumentError, ScalarFunction

Arguments: TypeAlias = Sequence[Expression]
Bind: TypeAlias = Callable[[Arguments], BoundCall]
Coerce: TypeAlias = Callable[[Expression], Expression]


def table(*functions: ScalarFunction) -> dict[str, ScalarFunction]:
    """Declarations by name."""
    return {function.name: function for function in functions}


def refuse(expression: Expression, wanted: str) -> FunctionArgumentError:
    """The error for an argument of a wrong type."""
    return FunctionArgumentError(
        f"takes {wanted} here, not {expression.type.sql()}",
        hint=f"Cast the argument: CAST(... AS {wanted.split(' or ', maxsplit=1)[0]}).",
    )


def count(arguments: Arguments, least: int, most: int | None = None) -> None:
    """Refuse a wrong number of arguments; `most` None means no upper limit, default `least`."""
    given = len(arguments)
    if given >= least and (most is None or given <= most):
        return
    if most is None:
        wanted = f"at least {least}"
    else:
        wanted = str(least) if least == most else f"{least} to {most}"
    raise FunctionArgumentError(
        f"takes {wanted} argument{'' if wanted == '1' else 's'}, not {given}"
    )


def any_nullable(arguments: Iterable[Expression]) -> bool:
    """Whether any argument may be NULL."""
    return any(a.type.nullable or a.type.root is TypeRoot.NULL for a in arguments)


def is_null_literal(expression: Expression) -> bool:
    """Whether the expression is the bare NULL."""
    return isinstance(expression, Literal) and expression.value is None


# --- coercions of one argument -------------------------------------------------------------------


def as_text(expression: Expression) -> Expression:
    """A character string; nothing else is taken."""
    if is_null_literal(expression):
        return cast_to(expression, string())
    if not expression.type.is_string:
        raise refuse(expression, "STRING")
    return expression


def as_any(expression: Expression) -> Expression:
    """Anything; a bare NULL becomes a STRING."""
    return cast_to(expression, string()) if is_null_literal(expression) else expression


def as_boolean(expression: Expression) -> Expression:
    """A condition."""
    if is_null_literal(expression):
        return cast_to(expression, DataType(TypeRoot.BOOLEAN))
    if expression.type.root is not TypeRoot.BOOLEAN:
        raise refuse(expression, "BOOLEAN")
    return expression


def as_int(expression: Expression) -> Expression:
    """An INT; TINYINT and SMALLINT are widened."""
    if is_null_literal(expression):
        return cast_to(expression, INT)
    if expression.type.root not in (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER):
        raise refuse(expression, "INT")
    return cast_to(expression, INT)


def as_bigint(expression: Expression) -> Expression:
    """A BIGINT; smaller integers are widened."""
    if is_null_literal(expression):
        return cast_to(expression, BIGINT)
    if not expression.type.is_integer:
        raise refuse(expression, "BIGINT")
    return cast_to(expression, BIGINT)


def as_number(expression: Expression) -> Expression:
    """Any number; a bare NULL becomes an INT."""
    if is_null_literal(expression):
        return cast_to(expression, INT)
    if not expression.type.is_numeric:
        raise refuse(expression, "INT or another number")
    return expression


def as_double(expression: Expression) -> Expression:
    """Any number, as DOUBLE."""
    return cast_to(as_number(expression), DOUBLE)


def as_bytes_or_text(expression: Expression) -> Expression:
    """A character or binary string."""
    if is_null_literal(expression):
        return cast_to(expression, string())
    if not expression.type.is_string and expression.type.root not in (
        TypeRoot.BINARY,
        TypeRoot.VARBINARY,
    ):
        raise refuse(expression, "STRING or BYTES")
    return expression


# --- whole signatures ----------------------------------------------------------------------------


def fixed(
    *coercions: Coerce, returns: DataType, optional: int = 0, nullable: bool | None = None
) -> Bind:
    """Arguments by position, the last `optional` of them optional.

    The result is `returns`, nullable if any argument is, or as `nullable` says.
    """

    def bind(arguments: Arguments) -> BoundCall:
        count(arguments, len(coercions) - optional, len(coercions))
        coerced = tuple(c(a) for c, a in zip(coercions, arguments, strict=False))
        may_be_null = any_nullable(arguments) if nullable is None else nullable
        return BoundCall(coerced, returns.with_nullable(may_be_null))

    return bind


def shared_type(arguments: Arguments, what: str = "these values") -> DataType:
    """The common type of arguments, or the refusal that names their types."""
    shared = common_type([a.type for a in arguments])
    if shared is None:
        names = ", ".join(dict.fromkeys(a.type.sql() for a in arguments))
        if all(a.type.root is TypeRoot.NULL for a in arguments):
            raise FunctionArgumentError(
                "has only NULLs, whose type is unknown",
                hint="Give one of them a type: CAST(NULL AS STRING).",
            )
        raise FunctionArgumentError(
            f"has no common type for {what}: {names}", hint="Cast them to one type with CAST."
        )
    return shared


def literal_text(expression: Expression, what: str) -> str:
    """The value of a string literal, or the refusal that says that a constant is needed."""
    if isinstance(expression, Literal) and isinstance(expression.value, str):
        return expression.value
    raise FunctionArgumentError(f"takes a string literal as {what}")


def literal_int(expression: Expression) -> int | None:
    """The value of an integer literal (or its negation, which the parser leaves as a call)."""
    if isinstance(expression, Call) and expression.function == "NEGATE":
        inner = literal_int(expression.arguments[0])
        return None if inner is None else -inner
    if isinstance(expression, Literal) and isinstance(expression.value, int):
        return int(expression.value)
    return None
