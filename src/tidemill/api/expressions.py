"""Expressions of the Python API: Flink SQL, written in Python.

An expression is a piece of SQL text made from names and values, each quoted as it must be. Where a
`str` is taken as an expression, it is SQL itself: `"fare * 2"`, and a bare name is a column. Text
that comes from elsewhere belongs in `lit`, which quotes it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tidemill.errors import UserError
from tidemill.records import dataclass
from tidemill.sql.fragments import check_expression, split_alias
from tidemill.sql.syntax.normal import quoted, string

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, eq=False)
class Expression:
    """One SQL expression, and the name that its column gets in a result.

    Operators make new ones: `col("fare") > 10`, `(a & b) | ~c`, `a + b`. Comparing with None is
    refused, because in SQL it is never true: use `is_null`.
    """

    sql: str
    name: str | None = None

    def alias(self, name: str) -> Expression:
        """The same under another name."""
        return Expression(self.sql, name)

    def item(self) -> str:
        """The expression as it stands in a select list."""
        return self.sql if self.name is None else f"{self.sql} AS {quoted(self.name)}"

    # -- comparison and logic

    def __eq__(self, other: object) -> Expression:  # type: ignore[override]
        return self._compared("=", other)

    def __ne__(self, other: object) -> Expression:  # type: ignore[override]
        return self._compared("<>", other)

    def __lt__(self, other: Any) -> Expression:
        return self._compared("<", other)

    def __le__(self, other: Any) -> Expression:
        return self._compared("<=", other)

    def __gt__(self, other: Any) -> Expression:
        return self._compared(">", other)

    def __ge__(self, other: Any) -> Expression:
        return self._compared(">=", other)

    __hash__ = None  # type: ignore[assignment]

    def __and__(self, other: Any) -> Expression:
        return _binary(self, "AND", other)

    def __or__(self, other: Any) -> Expression:
        return _binary(self, "OR", other)

    def __invert__(self) -> Expression:
        return Expression(f"(NOT {self.sql})")

    def __bool__(self) -> bool:
        raise TypeError("an expression has no truth value: write & for AND, | for OR, ~ for NOT")

    def is_null(self) -> Expression:
        """Whether it is NULL."""
        return Expression(f"({self.sql} IS NULL)")

    def is_not_null(self) -> Expression:
        """Whether it is not NULL."""
        return Expression(f"({self.sql} IS NOT NULL)")

    def is_in(self, values: Sequence[Any]) -> Expression:
        """Whether it is one of these values."""
        return Expression(f"({self.sql} IN ({', '.join(lit(v).sql for v in values)}))")

    def between(self, low: Any, high: Any) -> Expression:
        """Whether it lies between two values, both included."""
        return Expression(f"({self.sql} BETWEEN {_operand(low).sql} AND {_operand(high).sql})")

    def like(self, pattern: str) -> Expression:
        """Whether it matches a pattern with `%` and `_`."""
        return Expression(f"({self.sql} LIKE {string(pattern)})")

    # -- arithmetic

    def __add__(self, other: Any) -> Expression:
        return _binary(self, "+", other)

    def __radd__(self, other: Any) -> Expression:
        return _binary(_operand(other), "+", self)

    def __sub__(self, other: Any) -> Expression:
        return _binary(self, "-", other)

    def __rsub__(self, other: Any) -> Expression:
        return _binary(_operand(other), "-", self)

    def __mul__(self, other: Any) -> Expression:
        return _binary(self, "*", other)

    def __rmul__(self, other: Any) -> Expression:
        return _binary(_operand(other), "*", self)

    def __truediv__(self, other: Any) -> Expression:
        return _binary(self, "/", other)

    def __rtruediv__(self, other: Any) -> Expression:
        return _binary(_operand(other), "/", self)

    def __mod__(self, other: Any) -> Expression:
        return _binary(self, "%", other)

    def __neg__(self) -> Expression:
        return Expression(f"(-{self.sql})")

    # -- types, parts, windows

    def cast(self, type_: str) -> Expression:
        """The value as another of Flink's types: `cast("DECIMAL(10, 2)")`; a bad value fails."""
        return _checked(f"CAST({self.sql} AS {type_})", self.name)

    def try_cast(self, type_: str) -> Expression:
        """The value as another type; NULL where it cannot be one."""
        return _checked(f"TRY_CAST({self.sql} AS {type_})", self.name)

    def field(self, name: str) -> Expression:
        """A field of a ROW."""
        return Expression(f"{self.sql}.{quoted(name)}", name)

    def at(self, key: Any) -> Expression:
        """An element of an ARRAY (from 1) or the value of a MAP's key."""
        return Expression(f"{self.sql}[{_operand(key).sql}]")

    def filter(self, condition: Any) -> Expression:
        """An aggregate over the rows for which a condition holds."""
        return Expression(f"{self.sql} FILTER (WHERE {expression(condition).sql})", self.name)

    def over(self, *, partition_by: Any = (), order_by: Any = (), frame: str = "") -> Expression:
        """A function over a window of rows: `fn.row_number().over(order_by=col("t").desc())`."""
        parts = []
        if keys := _listed(partition_by):
            parts.append("PARTITION BY " + ", ".join(key.sql for key in keys))
        if orders := _listed(order_by):
            parts.append("ORDER BY " + ", ".join(order.sql for order in orders))
        text = f"{self.sql} OVER ({' '.join([*parts, frame]).strip()})"
        return _checked(text, self.name)

    def desc(self) -> Expression:
        """In an order: the largest first."""
        return Expression(f"{self.sql} DESC")

    def asc(self) -> Expression:
        """In an order: the smallest first."""
        return Expression(f"{self.sql} ASC")

    def _compared(self, operator: str, other: Any) -> Expression:
        if other is None:
            raise TypeError("a comparison with NULL is never true: use is_null() or is_not_null()")
        return _binary(self, operator, other)


def col(path: str) -> Expression:
    """A column: `col("fare")`, or `col("trips.fare")` where tables are joined."""
    parts = path.split(".")
    return Expression(".".join(quoted(part) for part in parts), parts[-1])


def lit(value: Any) -> Expression:
    """A value as SQL writes it; the type is the one that Flink gives to such a literal.

    Takes None, bool, int, float (DOUBLE), Decimal, str, bytes, date, time, datetime (TIMESTAMP(6);
    with a time zone TIMESTAMP_LTZ(3)), timedelta, list (ARRAY) and dict (MAP).
    """
    if isinstance(value, Expression):
        return value
    made = _literal(value)
    if made is None:
        raise UserError(
            f"{type(value).__name__} is no value that SQL can write",
            code="api.bad-value",
            hint="Take a plain Python value, a list or a dict of such.",
        )
    return Expression(made)


def sql(text: str) -> Expression:
    """A SQL expression as text, with its name where it ends with AS; anything else is refused."""
    body, alias = split_alias(text)
    if alias is None and (body.isidentifier() or _is_quoted(body)):
        alias = body.strip("`")
    return Expression(body if alias == body.strip("`") else f"({body})", alias)


def expression(value: Any) -> Expression:
    """An expression as it is; a `str` as SQL; any other value as a literal."""
    if isinstance(value, Expression):
        return value
    return sql(value) if isinstance(value, str) else lit(value)


class Functions:
    """Every function of Flink SQL by its name: `fn.upper("name")`, `fn.coalesce(col("a"), 0)`.

    A `str` among the arguments is SQL, so a column's name stands for the column.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*arguments: Any, distinct: bool = False) -> Expression:
            inner = ", ".join(expression(a).sql for a in arguments)
            function = name.upper() if name.replace("_", "").isalnum() else quoted(name)
            return Expression(f"{function}({'DISTINCT ' * distinct}{inner})")

        return call


fn = Functions()


def count(value: Any = None, *, distinct: bool = False) -> Expression:
    """The number of rows, or of values that are not NULL."""
    return Expression("COUNT(*)") if value is None else fn.count(value, distinct=distinct)


def sum_(value: Any, *, distinct: bool = False) -> Expression:
    """The sum of the values that are not NULL."""
    return fn.sum(value, distinct=distinct)  # type: ignore[no-any-return]


def avg(value: Any) -> Expression:
    """The average, of the type that Flink gives it: that of whole numbers is a whole number."""
    return fn.avg(value)  # type: ignore[no-any-return]


def min_(value: Any) -> Expression:
    """The smallest value."""
    return fn.min(value)  # type: ignore[no-any-return]


def max_(value: Any) -> Expression:
    """The largest value."""
    return fn.max(value)  # type: ignore[no-any-return]


def case(*branches: tuple[Any, Any], otherwise: Any = None) -> Expression:
    """The value of the first condition that holds: `case((col("a") > 1, "b"), otherwise="c")`.

    Conditions may be SQL as text; results are values, or expressions.
    """
    whens = " ".join(f"WHEN {expression(when).sql} THEN {lit(then).sql}" for when, then in branches)
    return Expression(f"CASE {whens} ELSE {lit(otherwise).sql} END")


def interval(value: dt.timedelta) -> str:
    """A length of time as an interval literal, in the largest unit that divides it."""
    micros = value // dt.timedelta(microseconds=1)
    if micros % 1000:
        raise UserError("an interval is finer than a millisecond", code="api.bad-value")
    for unit, size in (("DAY", 86_400), ("HOUR", 3_600), ("MINUTE", 60), ("SECOND", 1)):
        count_, rest = divmod(micros, size * 10**6)
        if not rest:
            digits = len(str(abs(count_)))
            return f"INTERVAL '{count_}' {unit}" + (f"({digits})" if digits > 2 else "")
    seconds, millis = divmod(micros // 1000, 1000)
    digits = max(2, len(str(seconds)))
    return f"INTERVAL '{seconds}.{millis:03d}' SECOND({digits}, 3)"


def _literal(value: Any) -> str | None:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value) if value >= 0 else f"({value})"
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, Decimal):
        return format(value, "f") if value >= 0 else f"({value:f})"
    if isinstance(value, str):
        return string(value)
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, (list, tuple)):
        return f"ARRAY[{', '.join(lit(v).sql for v in value)}]"
    if isinstance(value, Mapping):
        pairs = (f"{lit(k).sql}, {lit(v).sql}" for k, v in value.items())
        return f"MAP[{', '.join(pairs)}]"
    return _time(value)


def _double(value: float) -> str:
    if not math.isfinite(value):
        name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return f"CAST('{name}' AS DOUBLE)"
    text = repr(value)
    text = text if "e" in text else text + "e0"
    return text if value >= 0 and not text.startswith("-") else f"({text})"


def _time(value: Any) -> str | None:
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        millis, rest = divmod(value - _EPOCH, dt.timedelta(milliseconds=1))
        if rest:
            raise UserError("an instant is finer than a millisecond", code="api.bad-value")
        return f"TO_TIMESTAMP_LTZ({millis}, 3)"
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, dt.time):
        return f"TIME '{value.isoformat()}'"
    return interval(value) if isinstance(value, dt.timedelta) else None


def _binary(left: Expression, operator: str, right: Any) -> Expression:
    return Expression(f"({left.sql} {operator} {_operand(right).sql})")


def _operand(value: Any) -> Expression:
    """The other side of an operator: there a `str` is a value, as Python means it."""
    return lit(value)


def _checked(text: str, name: str | None) -> Expression:
    check_expression(text)
    return Expression(text, name)


def _listed(value: Any) -> list[Expression]:
    many = value if isinstance(value, (list, tuple)) else [value]
    return [expression(one) for one in many]


def _is_quoted(text: str) -> bool:
    return len(text) > 2 and text[0] == text[-1] == "`" and "`" not in text[1:-1]
