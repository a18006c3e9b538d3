"""How Spark expressions are built: calls by name, casts, operators. Trees, never text.

Functions are `Anonymous` nodes, so that they are written under exactly the name that is given here.
"""

from __future__ import annotations

from functools import cache

from sqlglot import exp

from tidemill.model import DataType, TypeRoot

DIALECT = "spark"
_ATOMS = (exp.Column, exp.Literal, exp.Paren, exp.Anonymous, exp.Cast, exp.Null, exp.Boolean,
          exp.Case, exp.Dot, exp.Identifier, exp.Func)  # fmt: skip


def fn(name: str, *arguments: exp.Expression) -> exp.Expression:
    """A call of a function, under exactly this name."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> exp.Expression:
    """A string literal."""
    return exp.Literal.string(value)


def number(value: int) -> exp.Expression:
    """An integer literal, in parentheses where negative."""
    literal = exp.Literal.number(str(abs(value)))
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def cast(expression: exp.Expression, to: str, *, safe: bool = False) -> exp.Expression:
    """CAST, or TRY_CAST where `safe`, to a Spark type."""
    kind = _type(to).copy()
    return (
        exp.TryCast(this=expression, to=kind, safe=True)
        if safe
        else exp.Cast(this=expression, to=kind)
    )


@cache
def _type(to: str) -> exp.Expression:
    return exp.DataType.build(to, dialect=DIALECT)


def wrapped(expression: exp.Expression) -> exp.Expression:
    """The expression in parentheses where its neighbours could tear it apart."""
    if isinstance(expression, _ATOMS) and not isinstance(expression, (exp.Connector, exp.Binary)):
        return expression
    if isinstance(expression, exp.Dot):
        return expression
    return exp.Paren(this=expression)


def binary(
    node: type[exp.Expression], left: exp.Expression, right: exp.Expression
) -> exp.Expression:
    """An operator between two expressions."""
    return node(this=wrapped(left), expression=wrapped(right))


def both(*parts: exp.Expression) -> exp.Expression:
    """AND of all parts."""
    made = parts[0]
    for part in parts[1:]:
        left = made if isinstance(made, exp.And) else wrapped(made)
        made = exp.And(this=left, expression=wrapped(part))
    return made


def is_null(expression: exp.Expression) -> exp.Expression:
    """`x IS NULL`."""
    return exp.Is(this=wrapped(expression), expression=exp.Null())


def case(
    *branches: tuple[exp.Expression, exp.Expression], default: exp.Expression | None = None
) -> exp.Expression:
    """CASE WHEN ... THEN ... [ELSE ...] END."""
    ifs = [exp.If(this=condition, true=value) for condition, value in branches]
    return exp.Case(ifs=ifs, default=default)


def failing(message: str, *values: exp.Expression) -> exp.Expression:
    """A call that fails the job with `message value...`."""
    said: exp.Expression = text(message)
    if values:
        said = fn("concat", text(message + " "), *values)
    return fn("raise_error", said)


SINCE_1970 = ("since_1970", "instant_since_1970")


def since_1970(value: exp.Expression, kind: DataType) -> exp.Expression:
    """The value, which fails the job where it is a timestamp before 1970.

    Flink rounds those towards 1970 in its calendar functions, Spark away from it.
    """
    if not kind.is_timestamp:
        return value
    return fn(SINCE_1970[kind.root is TypeRoot.TIMESTAMP_LTZ], value)


def sql(expression: exp.Expression) -> str:
    """The text of an expression or query."""
    return expression.sql(dialect=DIALECT, comments=False)
