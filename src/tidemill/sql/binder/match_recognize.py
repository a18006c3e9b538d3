"""MATCH_RECOGNIZE: its pattern checked as Flink checks it, its conditions and measures bound."""

from __future__ import annotations

from tidemill.errors import Span, SqlError, did_you_mean
from tidemill.model import TypeRoot
from tidemill.model.types import timestamp
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.match_expressions import MatchBinder, Terms
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.shapes import map_inputs
from tidemill.sql.expressions import Expression, InputRef, Interval, Literal
from tidemill.sql.logical import (
    LogicalNode,
    MatchRecognize,
    Project,
    RowField,
    SortKey,
    TimeAttribute,
)
from tidemill.sql.match import (
    AfterMatchSkip,
    MatchAggregate,
    MatchCondition,
    PatternVariable,
)
from tidemill.sql.syntax.match_nodes import AfterMatch, MatchRecognizeTable, PatternPart
from tidemill.sql.syntax.nodes import FunctionCall, Name, Path


def bind_match_recognize(
    context: BindContext, table: MatchRecognizeTable, node: LogicalNode, columns: Scope
) -> LogicalNode:
    """The matches in a node: the partition's columns, then the measures.

    PARTITION BY and ORDER BY see `columns`, which the table may qualify.
    """
    return _Binding(context, table, node, columns).bind()


def fixed_length(pattern: tuple[PatternVariable, ...]) -> bool:
    """Whether every match has the same number of rows."""
    return all(variable.least == variable.most for variable in pattern)


class _Binding:
    """One clause while it is bound."""

    def __init__(
        self,
        context: BindContext,
        table: MatchRecognizeTable,
        node: LogicalNode,
        columns: Scope,
    ) -> None:
        self.context = context
        self.table = table
        self.node = node
        self.columns = columns
        self.scope = Scope(context.source, node.fields)
        self.names = [part.variable.text for part in table.pattern]
        self.pattern = tuple(
            PatternVariable(part.variable.text, part.least, part.most, part.reluctant)
            for part in table.pattern
        )
        self.rowtime = False

    def bind(self) -> LogicalNode:
        """The node, with the measures computed over it."""
        self._check_pattern()
        keys = self._keys()
        order = self._order()
        within_ms = self._within_ms()
        conditions = self._conditions()
        terms, measures, names = self._measures(keys, order, within_ms)
        skip, variable = self._skip(self.table.after)
        own = [self.node.fields[key] for key in keys]
        fields = [RowField(field.name, field.type) for field in own]
        fields += [self._term_field(i, term) for i, term in enumerate(terms.found)]
        attribute = self._time_field(order)
        if self.rowtime:
            fields.append(RowField("$rowtime", attribute.type, TimeAttribute.ROWTIME))
        matches = MatchRecognize(
            self.node, keys, order, self.pattern, conditions, within_ms, skip, variable,
            tuple(terms.found), self.rowtime, tuple(fields),
            self.context.source.where(self.table.at),
        )  # fmt: skip
        expressions = [InputRef(i, field.name, field.type) for i, field in enumerate(own)]
        outputs = [RowField(field.name, field.type) for field in own]
        for name, measure in zip(names, measures, strict=True):
            outputs.append(RowField(name, measure.type, self._attribute(measure, fields)))
        return Project(matches, (*expressions, *measures), tuple(outputs))

    def _term_field(self, index: int, term: object) -> RowField:
        if isinstance(term, MatchAggregate):
            return RowField(f"$term{index}", term.call.type)
        column = self.node.fields[term.column]  # type: ignore[attr-defined]
        return RowField(f"$term{index}", column.type.with_nullable(True))

    @staticmethod
    def _attribute(measure: Expression, fields: list[RowField]) -> TimeAttribute | None:
        if isinstance(measure, InputRef):
            return fields[measure.index].time_attribute
        proctime = getattr(measure, "function", None) == "PROCTIME"
        return TimeAttribute.PROCTIME if proctime else None

    # -- the pattern

    def _check_pattern(self) -> None:
        before: PatternPart | None = None
        seen: set[str] = set()
        for part in self.table.pattern:
            if part.variable.text in seen:
                raise self._refused(
                    "a variable that is there twice", part.span, "Give each place its own variable."
                )
            seen.add(part.variable.text)
            optional = part.least == 0 and part.most in (None, 1)
            if before is not None and optional and _variable(before).greedy:
                raise self._refused(
                    f"an optional variable behind the greedy {before.variable.text}",
                    part.span,
                    f"Make the one before reluctant ({before.variable.text}+?), or bound this one: "
                    f"{part.variable.text}{{0,{part.most or 10}}}.",
                )
            before = part
        assert before is not None
        if all(part.least == 0 for part in self.table.pattern):
            raise self._refused(
                "a pattern that may be empty",
                self.table.pattern[0].span,
                "At least one variable must take a row.",
            )
        if _variable(before).greedy:
            name = before.variable.text
            raise self._refused(
                "a greedy quantifier at the end of a pattern",
                before.span,
                f"End it with a variable that is not {name}: DEFINE Z AS NOT (the condition of "
                f"{name}), or make {name} reluctant.",
            )

    def _refused(self, what: str, span: Span, hint: str) -> SqlError:
        return self.context.error(
            "not-supported",
            f"Flink does not run {what} in MATCH_RECOGNIZE",
            span,
            hint=hint,
        )

    # -- partition, order, time

    def _column(self, path: Path, what: str) -> int:
        column = self.columns.resolve(path)
        if not isinstance(column, InputRef):
            raise self.context.error("bad-argument", f"{what} takes plain columns", path.span)
        return column.index

    def _keys(self) -> tuple[int, ...]:
        keys: list[int] = []
        for path in self.table.partition_by:
            key = self._column(path, "PARTITION BY")
            if key in keys:
                raise self.context.error(
                    "bad-argument", f"`{path}` is there twice in PARTITION BY", path.span
                )
            keys.append(key)
        return tuple(keys)

    def _order(self) -> tuple[SortKey, ...]:
        keys: list[SortKey] = []
        for item in self.table.order_by:
            if not isinstance(item.expression, Path):
                raise self.context.error(
                    "bad-argument", "ORDER BY takes plain columns here", item.expression.span
                )
            index = self._column(item.expression, "ORDER BY")
            field = self.node.fields[index]
            ref = InputRef(index, field.name, field.type, item.expression.span)
            nulls = item.nulls_first if item.nulls_first is not None else not item.descending
            keys.append(SortKey(ref, item.descending, nulls))
        first = keys[0].expression if keys else None
        attribute = self.node.fields[first.index].time_attribute if isinstance(
            first, InputRef) else None  # fmt: skip
        if attribute is None:
            span = self.table.at if first is None or first.span is None else first.span
            raise self.context.error(
                "not-time-attribute",
                "MATCH_RECOGNIZE needs ORDER BY a time attribute first",
                span,
                hint="ORDER BY the column with the WATERMARK, or one that is AS PROCTIME().",
            )
        span = self.table.order_by[0].expression.span
        if keys[0].descending:
            raise self._refused(
                "time in descending order", span, "Leave out DESC: rows come in order of time."
            )
        if attribute is TimeAttribute.PROCTIME and len(keys) > 1:
            raise self.context.unsupported(
                "ORDER BY of more than the processing time in MATCH_RECOGNIZE",
                self.table.order_by[1].expression.span,
                "Rows are in the order in which they come.",
            )
        return tuple(keys)

    def _time_field(self, order: tuple[SortKey, ...]) -> RowField:
        key = order[0].expression
        assert isinstance(key, InputRef)
        return self.node.fields[key.index]

    def _within_ms(self) -> int | None:
        within = self.table.within
        if within is None:
            return None
        bound = ExpressionBinder(self.context, self.scope, "WITHIN").bind(within)
        value = bound.value if isinstance(bound, Literal) else None
        constant = isinstance(value, Interval) and bound.type.root is TypeRoot.INTERVAL_DAY_TIME
        if not constant or not isinstance(value, Interval):
            raise self._refused(
                "WITHIN of anything but a constant interval of days to seconds",
                within.span,
                "Write WITHIN INTERVAL '1' HOUR.",
            )
        if value.microseconds <= 0:
            raise self.context.error(
                "bad-argument", "WITHIN takes an interval above zero", within.span
            )
        return -(-value.microseconds // 1000)

    # -- conditions and measures

    def _conditions(self) -> tuple[MatchCondition | None, ...]:
        bound: dict[int, MatchCondition] = {}
        for definition in self.table.definitions:
            variable = self._variable(definition.variable)
            if variable in bound:
                raise self.context.error(
                    "bad-argument",
                    f"`{definition.variable.text}` is defined twice",
                    definition.variable.span,
                    hint="Join both conditions by AND.",
                )
            terms = Terms(len(self.node.fields), [], [])
            binder = MatchBinder(self.context, self.scope, self.pattern, terms, variable)
            expression = binder.bind_condition(definition.condition)
            bound[variable] = MatchCondition(expression, tuple(terms.found))
        return tuple(bound.get(i) for i in range(len(self.names)))

    def _variable(self, name: Name) -> int:
        if name.text not in self.names:
            raise self.context.error(
                "unknown-column",
                f"`{name.text}` is no variable of the PATTERN",
                name.span,
                hint=did_you_mean(name.text, self.names)
                or f"The variables are {', '.join(self.names)}.",
            )
        return self.names.index(name.text)

    def _measures(
        self, keys: tuple[int, ...], order: tuple[SortKey, ...], within_ms: int | None
    ) -> tuple[Terms, list[Expression], list[str]]:
        terms = Terms(len(keys), [], [])
        asked: list[InputRef] = []

        def rowtime(call: FunctionCall) -> Expression:
            field = self._match_rowtime(call, order, within_ms)
            asked.append(InputRef(-1, field.name, field.type, call.span))
            return asked[-1]

        binder = MatchBinder(self.context, self.scope, self.pattern, terms, None, rowtime)
        taken = {self.node.fields[key].name for key in keys}
        bound: list[Expression] = []
        names: list[str] = []
        for measure in self.table.measures:
            if measure.name.text in taken:
                raise self.context.error(
                    "duplicate-column", f"`{measure.name.text}` is there twice", measure.name.span
                )
            taken.add(measure.name.text)
            names.append(measure.name.text)
            bound.append(binder.bind_column(measure.expression))
        if not bound:
            raise self.context.error(
                "bad-argument",
                "MATCH_RECOGNIZE needs MEASURES",
                self.table.at,
                hint="MEASURES A.id AS first_id says what a match gives.",
            )
        self.rowtime = bool(asked)
        place = len(keys) + len(terms.found)
        return terms, [_placed(measure, place) for measure in bound], names

    def _match_rowtime(
        self, call: FunctionCall, order: tuple[SortKey, ...], within_ms: int | None
    ) -> RowField:
        time = self._time_field(order)
        if time.time_attribute is not TimeAttribute.ROWTIME:
            raise self.context.error(
                "bad-argument", "MATCH_ROWTIME needs ORDER BY event time", call.span,
                hint="Use MATCH_PROCTIME().",
            )  # fmt: skip
        zoned = time.type.root is TypeRoot.TIMESTAMP_LTZ
        arguments = [a for a in call.arguments if isinstance(a, Path)]
        if len(arguments) != len(call.arguments) or len(arguments) > 1 or (
            arguments and self.node.fields[self._column(arguments[0], "MATCH_ROWTIME")] != time
        ) or (zoned and not arguments):  # fmt: skip
            raise self.context.error(
                "bad-argument",
                f"MATCH_ROWTIME takes the column of the ORDER BY, `{time.name}`",
                call.span,
                hint=f"Write MATCH_ROWTIME({time.name}).",
            )
        if within_ms is not None and not fixed_length(self.pattern):
            raise self.context.unsupported(
                "MATCH_ROWTIME with WITHIN and a pattern of varying length",
                call.span,
                "A match may come out when an earlier one times out, and its time is then that "
                f"of the watermark. LAST({time.name}) is the time of its last row.",
            )
        type_ = time.type if zoned else timestamp(time.type.precision or 3)
        return RowField(time.name, type_.with_nullable(False))

    # -- AFTER MATCH

    def _skip(self, after: AfterMatch | None) -> tuple[AfterMatchSkip, int | None]:
        """Flink's default is TO NEXT ROW."""
        if after is None:
            return AfterMatchSkip.TO_NEXT_ROW, None
        skip = AfterMatchSkip(after.target)
        if after.variable is None:
            return skip, None
        variable = self._variable(after.variable)
        own = self.pattern[variable]
        if not variable and own.least and (skip is AfterMatchSkip.TO_FIRST or own.most == 1):
            raise self._refused(
                "a skip to the first row of the match",
                after.span,
                "The same match would be found again: SKIP TO NEXT ROW.",
            )
        return skip, variable


def _variable(part: PatternPart) -> PatternVariable:
    return PatternVariable(part.variable.text, part.least, part.most, part.reluctant)


def _placed(measure: Expression, place: int) -> Expression:
    """The measure with the match's rowtime, which stands behind all terms."""
    return map_inputs(measure, lambda index: place if index < 0 else index)
