"""IN and EXISTS as joins: semi and anti joins, and a column that says whether a row was found.

As a condition alone, or with NOT, it is a semi or anti join, with SQL's NULLs: `a NOT IN (...)` is
TRUE only where no value of the subquery is equal or NULL. Inside another expression it is a column:
the rows of the semi join with TRUE beside those of the anti join with FALSE; where it may be NULL,
the rows of the anti join are told apart by a second pair. `= ANY` is IN, other comparisons and ALL
are the same with another comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tidemill.model.types import BOOLEAN
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.inner_queries import InnerRows
from tidemill.sql.binder.pushdown import join_node
from tidemill.sql.expressions import Call, Expression, InputRef, Literal, input_indexes
from tidemill.sql.functions.registry import FunctionArgumentError
from tidemill.sql.join_conditions import conjunction
from tidemill.sql.join_times import interval_bounds
from tidemill.sql.join_windows import window_ends
from tidemill.sql.logical import Fields, Join, JoinKind, LogicalNode, Project, RowField, Union
from tidemill.sql.syntax.nodes import Node, Subquery

BindValue = Callable[[Node], Expression]


class Found:
    """One IN or EXISTS over the rows of a node."""

    def __init__(
        self,
        context: BindContext,
        node: LogicalNode,
        test: Subquery,
        inner: InnerRows,
        bind_value: BindValue,
    ) -> None:
        self._context, self._node, self._test, self._inner = context, node, test, inner
        self._where = context.source.where(test.span)
        self._pairs = self._bound_pairs(bind_value) if test.kind == "IN" else []

    @property
    def nullable(self) -> bool:
        """Whether it may be unknown if a row is found."""
        return any(side.type.nullable for pair in self._pairs for side in pair)

    def filtered(self) -> LogicalNode:
        """The rows for which it is TRUE."""
        negated = self._test.negated
        kind = JoinKind.ANTI if negated else JoinKind.SEMI
        return self._joined(kind, self._node, self._condition(or_unknown=negated))

    def marked(self, *, decides: bool) -> tuple[LogicalNode, Expression]:
        """All rows, and the column that says it; where it `decides`, NULL is as good as FALSE."""
        found, lost = not self._test.negated, self._test.negated
        if len(self._pairs) > 1 and not decides:
            raise self._context.error(
                "not-supported",
                "Flink does not run IN with more than one value inside an expression",
                self._test.span,
                hint="Let it stand in WHERE, with others by AND or OR.",
            )
        nullable = self.nullable and not decides
        type_ = BOOLEAN.with_nullable(nullable)
        loose = self._condition(or_unknown=True)
        strict = self._condition(or_unknown=decides and self._test.negated)
        rows, others = self._both(self._node, strict)
        parts = [self._with(rows, found, type_.nullable)]
        if not nullable:
            parts.append(self._with(others, lost, False))
        else:
            unknown, others = self._both(others, loose)
            parts.append(self._with(unknown, None, True))
            parts.append(self._with(others, lost, True))
        made = Union(tuple(parts), parts[0].fields)
        place = len(made.fields) - 1
        return made, InputRef(place, made.fields[place].name, type_, self._test.span)

    def _both(
        self, node: LogicalNode, condition: Expression | None
    ) -> tuple[LogicalNode, LogicalNode]:
        """The rows with a partner, and those without."""
        return (
            self._joined(JoinKind.SEMI, node, condition),
            self._joined(JoinKind.ANTI, node, condition),
        )

    def _joined(
        self, kind: JoinKind, node: LogicalNode, condition: Expression | None
    ) -> LogicalNode:
        return join_node(Join(node, self._inner.node, kind, condition, (), self._where))

    def _with(self, node: LogicalNode, value: bool | None, nullable: bool) -> Project:
        if isinstance(node, Join) and (interval_bounds(node) or window_ends(node)) is not None:
            raise self._context.unsupported(
                f"{self._test.kind} with bounds of time inside an expression",
                self._test.span,
                "Let it stand in WHERE, alone, with NOT, or with others by AND.",
            )
        width = len(self._node.fields)
        kept = self._node.fields
        refs = tuple(InputRef(i, f.name, f.type) for i, f in enumerate(kept))
        type_ = BOOLEAN.with_nullable(nullable)
        fields: Fields = (
            *(RowField(f.name, f.type) for f in kept),
            RowField(f"EXPR${width}", type_),
        )
        return Project(node, (*refs, Literal(value, type_)), fields)

    def _condition(self, *, or_unknown: bool) -> Expression | None:
        compared = [self._compared(*pair, or_unknown=or_unknown) for pair in self._pairs]
        return conjunction([*self._inner.conditions, *compared])

    def _compared(self, left: Expression, right: Expression, *, or_unknown: bool) -> Expression:
        """The comparison; with `or_unknown` also where it is not known."""
        name = self._test.comparison
        bound = self._context.scalars[name].bind((left, right))
        equal: Expression = Call(name, bound.arguments, bound.type, self._test.span)
        if or_unknown:
            for side in (left, right):
                if side.type.nullable:
                    unknown = Call("IS_NULL", (side,), BOOLEAN.with_nullable(False))
                    equal = Call("OR", (unknown, equal), BOOLEAN)
        return equal

    def _bound_pairs(self, bind_value: BindValue) -> list[tuple[Expression, Expression]]:
        """The values that are looked for, each with the subquery's column."""
        context, test, columns = self._context, self._test, self._inner.columns
        if len(columns) != len(test.values):
            raise context.error(
                "column-count",
                f"IN compares {len(test.values)} values with {len(columns)} columns",
                test.span,
            )
        pairs = [(bind_value(v), c) for v, c in zip(test.values, columns, strict=True)]
        self._check(pairs)
        return pairs

    def _check(self, pairs: Sequence[tuple[Expression, Expression]]) -> None:
        for (left, right), value in zip(pairs, self._test.values, strict=True):
            if not input_indexes(left) <= frozenset(range(len(self._node.fields))):
                raise self._context.unsupported("this value before IN", value.span)
            try:
                self._context.scalars[self._test.comparison].bind((left, right))
            except FunctionArgumentError as error:
                raise self._context.error(
                    "bad-argument", f"IN {error.message}", self._test.span, hint=error.hint
                ) from None
