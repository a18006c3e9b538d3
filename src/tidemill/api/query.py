"""Queries built in Python: each step makes a new query, and `sql` is the text it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from tidemill.api.expressions import Expression, col, expression
from tidemill.api.live_display import EVERY_S
from tidemill.api.windows import Window
from tidemill.errors import UserError
from tidemill.records import dataclass
from tidemill.sql.syntax.normal import quoted

if TYPE_CHECKING:
    from tidemill.api.pipeline import Pipeline
    from tidemill.api.result import Result
    from tidemill.api.session import Session

_RESULT = ("_items", "_keys", "_distinct", "_order", "_limit", "_unions")
"""The clauses that make a result; what comes after them in a chain works on that result."""
_JOINS = {"inner": "JOIN", "left": "LEFT JOIN", "right": "RIGHT JOIN", "full": "FULL JOIN"}


@dataclass(frozen=True)
class _Join:
    other: Query
    kind: str
    condition: str
    as_of: str | None


@dataclass(frozen=True)
class Query:
    """A query over tables of a session; immutable.

    Its clauses are applied in the order in which they are written: what a clause of SQL could not
    take any more becomes a step of its own (WITH). Nothing runs before `collect`, `stream`, or the
    `run` of the pipeline that `to` makes.
    """

    session: Session = field(repr=False)
    source: str | Query
    _name: str | None = None
    _items: tuple[Expression, ...] = ()
    _distinct: bool = False
    _window: Window | None = None
    _joins: tuple[_Join, ...] = ()
    _where: tuple[str, ...] = ()
    _keys: tuple[Expression, ...] | None = None
    _order: tuple[str, ...] = ()
    _limit: int | None = None
    _unions: tuple[Query, ...] = ()

    # -- steps

    def select(self, *items: Any, **named: Any) -> Query:
        """These columns: names, SQL with AS, or expressions; `double="fare * 2"` names one."""
        base = self._step(after=_RESULT)
        return replace(base, _items=_items(items, named))

    def with_columns(self, **named: Any) -> Query:
        """All columns, and these."""
        base = self._step(after=_RESULT)
        return replace(base, _items=(Expression("*"), *_items((), named)))

    def where(self, *conditions: Any) -> Query:
        """The rows for which all conditions hold; after `agg`, those of its result."""
        texts = tuple(expression(condition).sql for condition in conditions)
        base = self._step(after=_RESULT)
        return replace(base, _where=(*base._where, *texts))

    def window(self, window: Window) -> Query:
        """Put each row into its windows; `group_by` and `agg` then work for each window."""
        return replace(self._step(after=(*_RESULT, "_where", "_joins", "_window")), _window=window)

    def group_by(self, *keys: Any) -> Query:
        """Group by columns or expressions; `agg` must follow."""
        base = self._step(after=_RESULT)
        return replace(base, _keys=_items(keys, {}))

    def agg(self, **named: Any) -> Query:
        """One row for each group: its keys, its window's bounds, and these aggregates."""
        base = self._step(after=[clause for clause in _RESULT if clause != "_keys"])
        bounds = (col("window_start"), col("window_end")) if base._window else ()
        keys = (*(base._keys or ()), *bounds)
        return replace(base, _keys=keys, _items=(*keys, *_items((), named)))

    def join(self, other: Query, on: Any, *, how: str = "inner", as_of: Any = None) -> Query:
        """Join with another query; columns are named `table.column` in `on` and after it.

        Args:
            other: the right side, named by its table or by `alias`.
            on: the condition, with a time bound for an interval join.
            how: inner, left, right or full.
            as_of: a time column of the left side: the version of `other` valid then
                (FOR SYSTEM_TIME AS OF).
        """
        if how not in _JOINS:
            raise UserError(
                f"there is no join {how!r}",
                code="api.bad-value",
                hint=f"There are: {', '.join(_JOINS)}.",
            )
        base = self._step(after=(*_RESULT, "_where"))
        time = None if as_of is None else expression(as_of).sql
        return replace(base, _joins=(*base._joins, _Join(other, how, expression(on).sql, time)))

    def alias(self, name: str) -> Query:
        """The same under another name in a join."""
        return replace(self, _name=name)

    def distinct(self) -> Query:
        """Each row once."""
        base = self._step(after=("_distinct", "_order", "_limit", "_unions"))
        return replace(base, _distinct=True)

    def order_by(self, *orders: Any) -> Query:
        """Ordered; on an endless input a time column must come first."""
        texts = tuple(expression(order).sql for order in _orders(orders))
        return replace(self._step(after=("_order", "_limit", "_unions")), _order=texts)

    def limit(self, count: int) -> Query:
        """At most so many rows."""
        return replace(self._step(after=("_limit", "_unions")), _limit=count)

    def union_all(self, *others: Query) -> Query:
        """The rows of all of them."""
        return replace(self._step(after=("_order", "_limit", "_unions")), _unions=others)

    # -- what it stands for, and what is done with it

    @property
    def sql(self) -> str:
        """The SQL text."""
        steps: dict[int, tuple[str, str]] = {}
        text = self._block(steps)
        if not steps:
            return text
        parts = ",\n".join(f"{name} AS (\n{_indented(body)}\n)" for name, body in steps.values())
        return f"WITH {parts}\n{text}"

    def collect(self) -> Result:
        """Run the query to the end of its input and take its rows."""
        return self.session.query(self.sql)

    def stream(self) -> Iterator[Result]:
        """The rows as they come, in batches; see `Session.stream`."""
        return self.session.stream(self.sql)

    def live(self, *, seconds: float | None = None, every_s: float = EVERY_S) -> None:
        """Show the rows in a notebook while they come; see `Session.live`."""
        self.session.live(self.sql, seconds=seconds, every_s=every_s)

    def explain(self) -> str:
        """The plan as text."""
        return self.session.explain(self.sql)

    def to(self, table: str, *, name: str | None = None) -> Pipeline:
        """A pipeline that writes the rows into a table of the session, column by column.

        Args:
            table: the declared table.
            name: the pipeline's name, under which its state is kept; the table's by default.
        """
        insert = f"INSERT INTO {_path(table)}\n{self.sql}"
        return self.session.pipeline(insert, name=name or table.rpartition(".")[2])

    def __str__(self) -> str:
        return self.sql

    def _repr_html_(self) -> str:
        from tidemill.api.display import code_html  # noqa: PLC0415 - loaded when shown

        return code_html(self.sql)

    # -- rendering

    def _step(self, *, after: Sequence[str]) -> Query:
        """The query itself, or one over it where a clause that comes later in SQL is taken."""
        fresh = Query(self.session, self.source)
        taken = any(getattr(self, name) != getattr(fresh, name) for name in after)
        if taken and self._keys is not None and not self._items:
            return self  # between group_by and agg
        return Query(self.session, self, self._name) if taken else self

    def _block(self, steps: dict[int, tuple[str, str]]) -> str:
        lines = ["SELECT " + "DISTINCT " * self._distinct + _list(self._items)]
        lines.append("FROM " + self._from(steps))
        lines += [join for j in self._joins for join in _join_lines(j, steps)]
        if self._where:
            lines.append("WHERE " + "\n  AND ".join(self._where))
        if self._keys is not None:
            if not self._items:
                raise UserError(
                    "group_by without agg", code="api.incomplete-query", hint="Add .agg(...)."
                )
            if self._keys:
                lines.append("GROUP BY " + ", ".join(key.sql for key in self._keys))
        if self._order:
            lines.append("ORDER BY " + ", ".join(self._order))
        if self._limit is not None:
            lines.append(f"LIMIT {int(self._limit)}")
        for other in self._unions:
            lines += ["UNION ALL", other._block(steps)]
        return "\n".join(lines)

    def _from(self, steps: dict[int, tuple[str, str]]) -> str:
        table = self._table(steps)
        if self._window is not None:
            return self._window.render(table)
        return table if self._name is None else f"{table} AS {quoted(self._name)}"

    def _table(self, steps: dict[int, tuple[str, str]]) -> str:
        """The name of what it reads, an earlier step being written first."""
        if isinstance(self.source, str):
            return _path(self.source)
        return self.source._as_step(steps)

    def _as_step(self, steps: dict[int, tuple[str, str]]) -> str:
        if id(self) not in steps:
            body = self._block(steps)
            steps[id(self)] = (f"step_{len(steps) + 1}", body)
        return steps[id(self)][0]

    def _is_plain(self) -> bool:
        return self == Query(self.session, self.source, self._name)


def _join_lines(join: _Join, steps: dict[int, tuple[str, str]]) -> Iterator[str]:
    other = join.other
    plain = other._is_plain()
    table = other._table(steps) if plain else other._as_step(steps)
    version = "" if join.as_of is None else f" FOR SYSTEM_TIME AS OF {join.as_of}"
    name = other._name if plain else other._name or table
    alias = "" if name in (None, table) else f" AS {quoted(name or '')}"
    yield f"{_JOINS[join.kind]} {table}{version}{alias}"
    yield f"  ON {join.condition}"


def _items(items: Sequence[Any], named: dict[str, Any]) -> tuple[Expression, ...]:
    made = [expression(item) for item in items]
    return (*made, *(expression(value).alias(name) for name, value in named.items()))


def _orders(orders: Sequence[Any]) -> Iterator[Any]:
    """`"-fare"` is the largest first, as in many Python libraries."""
    for order in orders:
        descending = isinstance(order, str) and order.startswith("-") and order[1:].isidentifier()
        yield col(order[1:]).desc() if descending else order


def _list(items: Sequence[Expression]) -> str:
    if not items:
        return "*"
    texts = [_item(item) for item in items]
    joined = ", ".join(texts)
    return joined if len(joined) < 80 else ",\n  ".join(texts)


def _item(item: Expression) -> str:
    last = item.sql.rpartition(".")[2]
    same = item.name is not None and last in (quoted(item.name), item.name)
    return item.sql if same else item.item()


def _path(table: str) -> str:
    return ".".join(quoted(part) for part in table.split("."))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
