"""How lowerings build DuckDB expressions: calls by name, casts, and constant templates.

A template is a constant text in DuckDB's dialect with `:name` where an expression goes. It is
parsed once; filling it in puts syntax trees in the places, never text.
"""

from __future__ import annotations

from functools import cache

import sqlglot
from sqlglot import exp

from tidemill.model import DataType, TypeRoot

_DUCKDB_TYPES: dict[TypeRoot, str] = {
    TypeRoot.BOOLEAN: "BOOLEAN",
    TypeRoot.TINYINT: "TINYINT",
    TypeRoot.SMALLINT: "SMALLINT",
    TypeRoot.INTEGER: "INTEGER",
    TypeRoot.BIGINT: "BIGINT",
    TypeRoot.FLOAT: "FLOAT",
    TypeRoot.DOUBLE: "DOUBLE",
    TypeRoot.CHAR: "VARCHAR",
    TypeRoot.VARCHAR: "VARCHAR",
    TypeRoot.BINARY: "BLOB",
    TypeRoot.VARBINARY: "BLOB",
    TypeRoot.DATE: "DATE",
    TypeRoot.TIME: "TIME",
    TypeRoot.INTERVAL_YEAR_MONTH: "INTERVAL",
    TypeRoot.INTERVAL_DAY_TIME: "INTERVAL",
    TypeRoot.NULL: "INTEGER",
}
_ATOMS = (exp.Column, exp.Literal, exp.Paren, exp.Func, exp.Cast, exp.Null, exp.Boolean)
_BINARY_FUNCTIONS = (exp.Connector, exp.Binary)


def duckdb_type(type_: DataType) -> str:
    """The DuckDB type that carries a Flink type, as SQL text."""
    root = type_.root
    if root in _DUCKDB_TYPES:
        return _DUCKDB_TYPES[root]
    if root is TypeRoot.DECIMAL:
        return f"DECIMAL({type_.precision}, {type_.scale})"
    if root is TypeRoot.TIMESTAMP:
        return "TIMESTAMP_NS" if (type_.precision or 0) > 6 else "TIMESTAMP"
    if root is TypeRoot.TIMESTAMP_LTZ:
        return "TIMESTAMPTZ_NS" if (type_.precision or 0) > 6 else "TIMESTAMPTZ"
    if root is TypeRoot.ARRAY and type_.element is not None:
        return f"{duckdb_type(type_.element)}[]"
    if root is TypeRoot.MULTISET and type_.element is not None:
        return f"MAP({duckdb_type(type_.element)}, INTEGER)"
    if root is TypeRoot.MAP and type_.key is not None and type_.value is not None:
        return f"MAP({duckdb_type(type_.key)}, {duckdb_type(type_.value)})"
    fields = (
        f"{exp.to_identifier(f.name, quoted=True).sql(dialect='duckdb')} {duckdb_type(f.type)}"
        for f in type_.fields
    )
    return f"STRUCT({', '.join(fields)})"


def fn(name: str, *arguments: exp.Expression) -> exp.Expression:
    """A call of a DuckDB function, under exactly this name."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> exp.Expression:
    """A string literal."""
    return exp.Literal.string(value)


def number(value: int) -> exp.Expression:
    """An integer literal, in parentheses where negative."""
    literal = exp.Literal.number(str(abs(value)))
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def cast(expression: exp.Expression, type_: str, *, safe: bool = False) -> exp.Expression:
    """CAST, or TRY_CAST where `safe`, to a DuckDB type."""
    to = _type(type_).copy()
    return exp.TryCast(this=expression, to=to) if safe else exp.Cast(this=expression, to=to)


@cache
def _type(text_: str) -> exp.Expression:
    # These few are unknown to the SQL library; they are fixed words, not text of a user.
    if text_ in ("TIMESTAMPTZ_NS", "TIMESTAMP_NS", "HUGEINT", "UHUGEINT"):
        return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=text_)
    return exp.DataType.build(text_, dialect="duckdb", udt=True)


def wrapped(expression: exp.Expression) -> exp.Expression:
    """The expression in parentheses where its neighbours could tear it apart."""
    if isinstance(expression, _ATOMS) and not isinstance(expression, _BINARY_FUNCTIONS):
        return expression
    return exp.Paren(this=expression)


def template(source: str, **parts: exp.Expression) -> exp.Expression:
    """A constant DuckDB expression with each `:name` replaced by an expression."""
    tree = _parsed(source).copy()
    holder = exp.Paren(this=tree)
    for placeholder in list(holder.find_all(exp.Placeholder)):
        placeholder.replace(wrapped(parts[placeholder.name]).copy())
    return wrapped(holder.this)


@cache
def _parsed(source: str) -> exp.Expression:
    return sqlglot.parse_one(source, dialect="duckdb", into=None)  # type: ignore[return-value]


def error(code: str, message: str, *values: exp.Expression) -> exp.Expression:
    """A call that fails the row with `[code] message value...`."""
    said: exp.Expression = text(f"[{code}] {message}")
    for value in values:
        quoted = fn("coalesce", cast(value, "VARCHAR"), text("NULL"))
        said = fn("concat", said, text(" "), quoted)
    return fn("error", said)


def raises(expression: exp.Expression) -> bool:
    """Whether evaluating it can fail for a row; errs on the side of yes."""
    return any(_may_raise(node) for node in expression.walk())


def _may_raise(node: object) -> bool:
    if isinstance(node, exp.TryCast):
        return False
    if isinstance(node, exp.Cast):
        return not isinstance(node.this, (exp.Literal, exp.Null))
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        return name == "error" or name.startswith("flink_")
    return isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.IntDiv, exp.Mod))


def has_volatile(expression: exp.Expression) -> bool:
    """Whether DuckDB would refuse TRY around it."""
    names = {"error", "random", "uuid", "gen_random_uuid"}
    return any(
        isinstance(node, exp.Rand)
        or (isinstance(node, exp.Anonymous) and node.name.lower() in names)
        for node in expression.walk()
    )
