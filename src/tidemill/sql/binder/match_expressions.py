"""Expressions of MATCH_RECOGNIZE: what they read of the rows of a match becomes terms.

Inside DEFINE a column is that of the row at hand, unless it is another variable's; everywhere else
a column is the variable's last row. FIRST and LAST choose another row, aggregates are over all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tidemill.errors import did_you_mean
from tidemill.model.types import timestamp_ltz
from tidemill.records import dataclass
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder, is_aggregate
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.shapes import shape
from tidemill.sql.expressions import AggregateCall, Call, Expression, InputRef
from tidemill.sql.functions.registry import FunctionArgumentError
from tidemill.sql.match import MatchAggregate, MatchReference, MatchTerm, PatternVariable
from tidemill.sql.syntax.nodes import FunctionCall, NumberLiteral, Operation, Path, Subquery
from tidemill.sql.text import cover

_REFUSED = {
    "PREV": "LAST(A.price, 1) is the row before among those of A.",
    "NEXT": "A later row needs a variable of its own behind this one.",
    "CLASSIFIER": "COUNT(B.id) > 0 tells whether B took rows.",
    "MATCH_NUMBER": "Number the matches with ROW_NUMBER() OVER (...).",
}
_FUNCTIONS = ("FIRST", "LAST", "MATCH_ROWTIME", "MATCH_PROCTIME", *_REFUSED)


@dataclass(slots=True)
class Terms:
    """The terms of one condition or of all measures; equal ones are there once."""

    start: int
    """The index of the first term among the columns that the expressions see."""
    found: list[MatchTerm]
    seen: list[object]

    def column(self, term: MatchTerm, shape: object, like: InputRef) -> InputRef:
        """The column in which the value of a term stands."""
        if shape not in self.seen:
            self.seen.append(shape)
            self.found.append(term)
        return replace(like, index=self.start + self.seen.index(shape))


class MatchBinder(ExpressionBinder):
    """Binds one condition (`current` is its variable) or measure."""

    def __init__(
        self,
        context: BindContext,
        scope: Scope,
        pattern: Sequence[PatternVariable],
        terms: Terms,
        current: int | None = None,
        rowtime: Callable[[FunctionCall], Expression] | None = None,
    ) -> None:
        super().__init__(context, scope, "MEASURES" if rowtime else "DEFINE")
        self._pattern = pattern
        self._variables = [variable.name for variable in pattern]
        self._terms = terms
        self._current = current
        self._rowtime = rowtime
        self._place: tuple[bool, int] | None = None
        """LAST or not, and the offset, within FIRST(...) and LAST(...)."""
        self._read: list[tuple[int | None, Path]] | None = None
        """The variables read so far within FIRST, LAST or an aggregate."""
        self._aggregated = False

    def bind_path(self, node: Path) -> Expression:
        """A column of the row at hand, or of a row that a variable took."""
        variable, path = self._split(node)
        if self._read is not None:
            self._read.append((variable, node))
        column = self.scope.resolve(path)
        if not isinstance(column, InputRef):
            raise self.context.error(
                "not-supported",
                "Flink does not run a field of a ROW column in MATCH_RECOGNIZE",
                node.span,
                hint="Name the field in a view below: SELECT place.city AS city, ...",
            )
        if self._aggregated:
            return column
        last, offset = self._place or (True, 0)
        in_hand = self._current is not None and variable in (None, self._current)
        if in_hand and last and not offset:
            return column
        self._check_nullable(column, variable, offset, node)
        reference = MatchReference(variable, last, offset, column.index)
        like = replace(column, type=column.type.with_nullable(True))
        return self._terms.column(reference, reference, like)

    def _check_nullable(
        self, column: InputRef, variable: int | None, offset: int, node: Path
    ) -> None:
        """Where there may be no such row, Flink gives a NOT NULL column some value instead."""
        if column.type.nullable or offset < self._rows_at_least(variable):
            return
        raise self.context.error(
            "not-supported",
            f"`{column.name}` is NOT NULL, and there may be no such row of "
            f"{'the match' if variable is None else self._pattern[variable].name}",
            node.span,
            detail="Flink takes the value for never NULL then: its result is not defined.",
            hint="Match a view in which the column may be NULL: "
            f"TRY_CAST({column.name} AS {column.type.with_nullable(True).sql()}).",
        )

    def _rows_at_least(self, variable: int | None) -> int:
        """How many rows a variable has at least, where the expression is computed."""
        current = self._current
        least = [own.least for own in self._pattern]
        if current is not None:
            least = [*least[:current], 1, *(0 for _ in least[current + 1 :])]
        return sum(least) if variable is None else least[variable]

    def _split(self, node: Path) -> tuple[int | None, Path]:
        """The variable before a column, and the column."""
        first, *rest = node.parts
        if not rest:
            return None, node
        if first.text in self._variables:
            path = Path(tuple(rest), cover(rest[0].span, node.span))
            return self._variables.index(first.text), path
        if not self.scope.has(first.text):
            raise self.context.error(
                "unknown-column",
                f"`{first.text}` is no variable of the PATTERN",
                first.span,
                hint=did_you_mean(first.text, self._variables)
                or f"The variables are {', '.join(self._variables)}.",
            )
        return None, node

    def bind_call(self, node: FunctionCall) -> Expression:
        """A function; FIRST, LAST and aggregates read the rows of a match."""
        name = node.name.text.upper()
        if name in _FUNCTIONS and (name in _REFUSED or node.over is None):
            return self._own_function(node, name)
        if is_aggregate(self.context, node):
            return self._aggregate(node)
        inside = self._current is not None or self._aggregated
        if inside and self.context.user_function(node.name.text) is not None:
            place = "an aggregate" if self._aggregated else "DEFINE"
            raise self.context.unsupported(
                f"the Python function {node.name.text} in {place} of MATCH_RECOGNIZE",
                node.name.span,
                "Compute it in a view below, and test the column.",
            )
        return super().bind_call(node)

    def bind_operation(self, node: Operation) -> Expression:
        """An operator; Flink's planner fails over IN with a list in MEASURES, not in DEFINE."""
        if self._rowtime is not None and node.operator in ("IN", "NOT_IN"):
            raise self.context.error(
                "not-supported",
                "Flink does not run IN in the MEASURES of MATCH_RECOGNIZE",
                node.span,
                hint="Put it into the SELECT list: SELECT a IN (1, 2) FROM t MATCH_RECOGNIZE ...",
            )
        return super().bind_operation(node)

    def bind_subquery(self, node: Subquery) -> Expression:
        """No query may stand here."""
        raise self.context.unsupported(f"a subquery in {self.clause}", node.span)

    def _own_function(self, node: FunctionCall, name: str) -> Expression:
        if name in _REFUSED:
            raise self.context.error(
                "not-supported",
                f"Flink does not run {name} in MATCH_RECOGNIZE",
                node.name.span,
                hint=_REFUSED[name],
            )
        if name in ("FIRST", "LAST"):
            return self._navigated(node, name)
        if self._rowtime is None:
            raise self.context.error(
                "bad-argument", f"{name} stands in MEASURES only", node.name.span
            )
        if name == "MATCH_ROWTIME":
            return self._rowtime(node)
        if node.arguments:
            raise self.context.error("bad-argument", f"{name} takes no arguments", node.span)
        return Call("PROCTIME", (), timestamp_ltz(3, nullable=False), node.span)

    def _navigated(self, node: FunctionCall, name: str) -> Expression:
        """FIRST(A.x [, n]) and LAST: the offset goes to every column inside."""
        if self._read is not None:
            raise self.context.error(
                "bad-argument", f"{name} cannot stand inside another function of rows", node.span
            )
        offset = self._offset(node, name)
        self._read, self._place = [], (name == "LAST", offset)
        try:
            value = self.bind(node.arguments[0])
            self._one_variable(node, name)
        finally:
            self._read, self._place = None, None
        return value

    def _offset(self, node: FunctionCall, name: str) -> int:
        if not 1 <= len(node.arguments) <= 2 or node.star or node.distinct:
            raise self.context.error(
                "bad-argument", f"{name} takes a column and an offset", node.span
            )
        if len(node.arguments) == 1:
            return 0
        offset = node.arguments[1]
        if not isinstance(offset, NumberLiteral) or not offset.text.isdecimal():
            raise self.context.error(
                "bad-argument",
                f"the offset of {name} is a number from 0, as written",
                offset.span,
                hint=f"Write {name}(A.price, 1).",
            )
        return int(offset.text)

    def _one_variable(self, node: FunctionCall, name: str) -> int | None:
        read = self._read or []
        if not read:
            raise self.context.error(
                "bad-argument", f"{name} needs a column of a variable", node.span
            )
        if len({variable for variable, _ in read}) > 1:
            raise self.context.error(
                "bad-argument",
                f"{name} reads the rows of more than one variable",
                read[1][1].span,
                hint="All columns inside belong to one variable: SUM(A.price * A.tax).",
            )
        return read[0][0]

    def _aggregate(self, node: FunctionCall) -> Expression:
        name = self.context.function_name(node.name.text)
        self._refuse_aggregate(node, name)
        if self._read is not None:
            raise self.context.error(
                "bad-argument", f"{name} cannot stand inside another function of rows", node.span
            )
        self._read, self._aggregated = [], True
        try:
            arguments = tuple(self.bind(argument) for argument in node.arguments)
            variable = None if node.star else self._one_variable(node, name)
        finally:
            self._read, self._aggregated = None, False
        try:
            bound = self.context.aggregates[name].bind(arguments)
        except FunctionArgumentError as error:
            raise self.context.error(
                "bad-argument", f"{name} {error.message}", node.span, hint=error.hint
            ) from None
        type_ = bound.type if name == "COUNT" else bound.type.with_nullable(True)
        call = AggregateCall(name, bound.arguments, type_)
        shown = "*" if variable is None else self._variables[variable]
        like = InputRef(0, f"{name}({shown})", type_)
        term = MatchAggregate(variable, call)
        return self._terms.column(term, (variable, shape(node.arguments), name), like)

    def _refuse_aggregate(self, node: FunctionCall, name: str) -> None:
        user = self.context.user_function(node.name.text)
        if user is not None:
            raise self.context.unsupported(
                f"the Python aggregate {node.name.text} in MATCH_RECOGNIZE", node.name.span
            )
        if name not in SUPPORTED_AGGREGATES:
            raise self.context.unsupported(
                f"{name} in MATCH_RECOGNIZE",
                node.name.span,
                f"Use one of {', '.join(SUPPORTED_AGGREGATES)}.",
            )
        if node.distinct or node.filter is not None:
            what = "DISTINCT" if node.distinct else "FILTER"
            raise self.context.error(
                "not-supported",
                f"Flink does not run {what} in MATCH_RECOGNIZE",
                node.span,
                hint=f"{name} is over all rows of the variable.",
            )
        if name == "COUNT" and len(node.arguments) > 1:
            raise self.context.error("bad-argument", "COUNT takes one column here", node.span)


SUPPORTED_AGGREGATES = (
    "COUNT", "SUM", "AVG", "MIN", "MAX", "FIRST_VALUE", "LAST_VALUE", "LISTAGG", "ARRAY_AGG",
)  # fmt: skip
"""Those that give what Flink gives: its variances are others here than under GROUP BY."""
