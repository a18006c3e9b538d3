"""The SQL of an aggregate that keeps a changelog up to date: GROUP BY over a stream.

A batch becomes partials, as for a window (see `aggregates`). The engine numbers the batch's groups
(`s`) and lays the stored partials of the same groups beside them; `merge` makes one row of each
group. DISTINCT aggregates, and MIN and MAX over a changelog, count values: a value that comes for
the first time or goes for the last is a move (`mw` = 1 or -1), and `moves` makes partials of moves.
Aggregates that share their values have a move each (`mw`, `mw1`...), 0 where nothing moved.
Where the smallest or greatest value itself has gone (`lost`), the engine looks at all values of
the group. `changes` finishes the groups as they were (`o_...`) and as they are (`n_...`).
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from tidemill.interfaces.python_function import PythonFunction
from tidemill.model import DataType
from tidemill.model.types import BOOLEAN, INT
from tidemill.plan.aggregate_values import Valued
from tidemill.plan.aggregates import AggregateSql, _big
from tidemill.plan.fuse import alias, column, over, relation, text
from tidemill.plan.lowering import AggregatePlan, aggregate_plan
from tidemill.plan.lowering.row_aggregates import BEFORE
from tidemill.records import dataclass
from tidemill.sql.expressions import Call, Expression, InputRef, Literal

GROUP = "s"
"""Hidden column: the number of the group in the batch."""
MOVE = "mw"
"""Hidden column: 1 where a value has come, -1 where it has gone, 0 where it has not moved."""
LOST = "lost"
"""Hidden column: whether an extreme value of the group has gone."""
CHANGED = "changed"
"""Hidden column: whether the finished row differs from the one before."""

_EXTREMES = ("MIN", "MAX")


def move_column(slot: int) -> str:
    """The moves of the aggregate in a slot of its set of values."""
    return f"{MOVE}{slot or ''}"


@dataclass(frozen=True, slots=True)
class PythonAggregate:
    """An aggregate function in Python: the types of its arguments, and its columns.

    `rows` is what a batch gives of each group; `accumulator` and `value` are stored.
    """

    function: PythonFunction
    types: tuple[DataType, ...]
    rows: str
    accumulator: str
    value: str


@dataclass(frozen=True, slots=True)
class _Part:
    """One aggregate call: how its partials are made and finished, from rows or from moves."""

    index: int
    plan: AggregatePlan
    valued: Valued | None

    @property
    def extreme(self) -> str | None:
        """Either min or max, where the aggregate is one over values."""
        if self.valued is None or self.valued.call.function not in _EXTREMES:
            return None
        return self.valued.call.function.lower()

    @property
    def gone(self) -> str:
        """Name of the column with the smallest (greatest) value that has gone."""
        return f"x{self.index}"


@dataclass(frozen=True, slots=True)
class GroupSql(AggregateSql):
    """Builds the queries of one changelog aggregate; `state` is the prefix of its relations."""

    def _parts(self) -> list[_Part]:
        valued = {v.index: v for v in self._valued()}
        return [
            _Part(i, self._of_moves(valued[i]) if i in valued else self._plan(i), valued.get(i))
            for i in range(len(self.node.aggregates))
            if self.node.aggregates[i].user is None
        ]

    def python(self) -> list[PythonAggregate]:
        """The aggregate functions in Python."""
        calls = [(i, self.node.aggregates[i]) for i in self.python_indexes()]
        return [
            PythonAggregate(
                call.user,
                tuple(argument.type for argument in call.arguments),
                f"a{i}_rows",
                f"a{i}_accumulator",
                f"a{i}_value",
            )
            for i, call in calls
            if call.user is not None
        ]

    def _of_moves(self, valued: Valued) -> AggregatePlan:
        """The aggregate over moves of values: it adds up, as each value counts once."""
        moved = move_column(valued.slot)
        columns = [*(name for name, _ in valued.values()), "d", moved]
        count = len(columns) - 2
        arguments = tuple(
            InputRef(j, columns[j], argument.type)
            for j, argument in enumerate(valued.call.arguments)
        )
        own: Expression = Call(
            "EQUALS", (InputRef(count, "d", INT), Literal(valued.group, INT)), BOOLEAN
        )
        extreme = valued.call.function in _EXTREMES
        if extreme:
            came = Call("GREATER_THAN", (InputRef(count + 1, moved, INT), Literal(0, INT)), BOOLEAN)
            own = Call("AND", (own, came), BOOLEAN)
        elif not valued.alone:  # an infinite value that moved elsewhere, times 0, would be NaN
            here = Call("NOT_EQUALS", (InputRef(count + 1, moved, INT), Literal(0, INT)), BOOLEAN)
            own = Call("AND", (own, here), BOOLEAN)
        call = replace(valued.call, arguments=arguments, filter=own, distinct=False)
        weight = None if extreme else moved
        return aggregate_plan(call, valued.index, columns, weight, self.zone)

    def partial_names(self) -> list[str]:
        """The columns of stored partials, without keys."""
        names = [p.name for part in self._parts() for p in part.plan.partials]
        names += [n for part in self.python() for n in (part.accumulator, part.value)]
        return [*names, *(["wt"] if self.retracts else [])]

    def value_names(self) -> list[str]:
        """The columns that identify a value, behind its group's keys; none where none is kept."""
        sets = self._sets()
        return ["d", *(name for s in sets for name, _ in s[0].values())] if sets else []

    def value_weights(self) -> list[tuple[str, ...]]:
        """The columns of the batch's partials with the weights of values, by slot and set."""
        slots: list[list[str]] = []
        for valued in self._valued():
            if valued.slot == len(slots):
                slots.append([])
            slots[valued.slot].append(valued.weight)
        return [tuple(slot) for slot in slots]

    def extremes(self) -> list[str]:
        """The partials that must be computed anew where an extreme value was lost."""
        return [p.name for part in self._parts() if part.extreme for p in part.plan.partials]

    # -- queries

    def merge(self) -> str:
        """One row for each group, in order, from stored and new partials."""
        parts = self._parts()
        outputs = [column(GROUP)]
        outputs += [
            alias((p.merge_behind or p.merge).copy(), p.name)
            for part in parts
            for p in part.plan.partials
        ]
        if self.retracts:
            outputs.append(alias(_big(exp.Sum(this=column("wt"))), "wt"))
        lost = [self._lost(part) for part in parts if part.extreme]
        if lost:
            outputs.append(alias(exp.paren(exp.or_(*lost)), LOST))
        query = exp.Select(expressions=outputs).from_(relation(f"{self.state}_parts"))
        return text(query.group_by(exp.Literal.number(1)).order_by(exp.Literal.number(1)))

    @staticmethod
    def _lost(part: _Part) -> exp.Expression:
        """Whether a value as extreme as the stored one has gone."""
        function = exp.Min if part.extreme == "min" else exp.Max
        stored = exp.case().when(column(BEFORE), column(part.plan.partials[0].name))
        gone, kept = function(this=column(part.gone)), function(this=stored)
        reached = gone <= kept if part.extreme == "min" else gone >= kept
        return exp.Coalesce(this=exp.paren(reached), expressions=[exp.false()])

    def moves(self) -> str | None:
        """Partials from moves of values; None where no aggregate needs its values."""
        valued = [part for part in self._parts() if part.valued is not None]
        if not valued:
            return None
        outputs = [column(GROUP)]
        for part in valued:
            outputs += [alias(p.partial.copy(), p.name) for p in part.plan.partials]
            if part.extreme and part.valued is not None:
                function = exp.Min if part.extreme == "min" else exp.Max
                (name, _), *_rest = part.valued.values()
                gone = exp.and_(
                    column("d").eq(exp.Literal.number(part.valued.group)),
                    column(move_column(part.valued.slot)) < exp.Literal.number(0),
                )
                least = function(this=exp.case().when(gone, column(name)))
                outputs.append(alias(least, part.gone))
        query = exp.Select(expressions=outputs).from_(relation(f"{self.state}_moves"))
        return text(query.group_by(exp.Literal.number(1)))

    def changes(self) -> str:
        """Each group's finished row before (`p0`...) and now (`c0`...), and if they differ."""
        count = len(self.node.aggregates)
        keys = [column(f"g{i}") for i in range(len(self.node.keys))]
        found = {part.index: part.plan.final for part in self._parts()}
        found |= {i: column(f"a{i}_value") for i in self.python_indexes()}
        finals = [found[i] for i in range(count)]
        known = set(self.partial_names())
        before = [alias(_prefixed(f, "o_", known), f"p{i}") for i, f in enumerate(finals)]
        now = [alias(_prefixed(f, "n_", known), f"q{i}") for i, f in enumerate(finals)]
        inner = exp.Select(expressions=[*keys, *before, *now])
        inner = inner.from_(relation(f"{self.state}_both"))
        differ = [
            exp.NullSafeNEQ(this=column(f"p{i}"), expression=column(f"q{i}")) for i in range(count)
        ]
        changed = exp.or_(*differ) if differ else exp.false()
        outputs = [k.copy() for k in keys]
        outputs += [column(f"{side}{i}") for side in "pq" for i in range(count)]
        return text(over(inner, [*outputs, alias(exp.paren(changed), CHANGED)]))


def _prefixed(expression: exp.Expression, prefix: str, known: set[str]) -> exp.Expression:
    """The expression with a prefix before the names of its columns (not those of lambdas)."""

    def rename(node: exp.Expression) -> exp.Expression:
        is_column = isinstance(node, exp.Column) and node.name in known
        return column(prefix + node.name) if is_column else node

    renamed: exp.Expression = expression.copy().transform(rename)
    return renamed
