"""The SQL of MATCH_RECOGNIZE.

An edge gives, of each row, the columns that somebody still asks of it (`c<i>`), the arguments of
aggregates (`x<i>`), its time `t`, further sort keys `o<i>`, and for each variable whose condition
looks at the row alone whether that is TRUE (`d<i>`). A condition that looks at other rows as well
is a query over rows that have those values beside them as `y<i>`; its result is 1 where it is TRUE,
0 where not, 2 where it cannot be computed. Aggregates are over rows that stand once for each group
`g`; `w` is false for a row that is there only so that an empty group is.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tidemill.plan.fuse import (
    Chain,
    alias,
    attempt,
    column,
    names,
    over,
    probe_query,
    relation,
    rows_query,
    text,
)
from tidemill.plan.lowering import aggregate_plan, lower
from tidemill.plan.lowering.build import cast, fn, template
from tidemill.plan.physical import ROW, FusedStage, wide
from tidemill.plan.ranks import HEAD, SEQUENCE, TIME
from tidemill.plan.windows import micros
from tidemill.records import dataclass
from tidemill.sql.expressions import (
    AggregateCall,
    Expression,
    InputRef,
    Literal,
    input_indexes,
)
from tidemill.sql.logical import MatchRecognize
from tidemill.sql.match import MatchAggregate, MatchReference, MatchTerm

GROUP = "g"
"""Hidden column: the number of the group that a row is aggregated in."""
LIVE = "w"
"""Hidden column: whether the row counts."""


@dataclass(frozen=True, slots=True)
class ReferenceTerm:
    """A column of one row: which term it is, of which variable, and where it stands."""

    place: int
    variable: int | None
    last: bool
    offset: int
    column: str


@dataclass(frozen=True, slots=True)
class AggregateTerms:
    """The aggregates over the rows of one variable, and the query that computes them all."""

    places: tuple[int, ...]
    variable: int | None
    relation: str
    query: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TermsPlan:
    """How the terms of a condition or of the measures are computed."""

    references: tuple[ReferenceTerm, ...]
    aggregates: tuple[AggregateTerms, ...]


@dataclass(frozen=True, slots=True)
class ConditionPlan:
    """A variable's condition: a column of the rows, or a query over rows and their terms."""

    of_row: str | None
    relation: str = ""
    query: str = ""
    columns: tuple[str, ...] = ()
    terms: TermsPlan = TermsPlan((), ())


@dataclass(frozen=True, slots=True)
class MatchSql:
    """Builds the queries of one node; `name` is the prefix of its relations."""

    node: MatchRecognize
    name: str
    zone: str
    timed: bool
    """Whether rows are in the order of event time."""

    # -- columns

    def keys(self) -> list[str]:
        """The columns of the partition."""
        return [f"c{key}" for key in self.node.keys]

    def wanted(self) -> frozenset[int]:
        """The columns of the input that anything is computed from."""
        node = self.node
        read = set(node.keys) | self._kept_indexes()
        for condition in node.conditions:
            read |= set() if condition is None else self._of_row(condition.expression)
        read |= {i for e in self._arguments() for i in input_indexes(e)}
        read |= {i for key in node.order for i in input_indexes(key.expression)}
        return frozenset(read)

    def _of_row(self, expression: Expression) -> set[int]:
        width = len(self.node.input.fields)
        return {i for i in input_indexes(expression) if i < width}

    def _kept_indexes(self) -> set[int]:
        kept = set(self.node.keys)
        for condition in self.node.conditions:
            if condition is not None and condition.terms:
                kept |= self._of_row(condition.expression)
        for term in self._terms():
            if isinstance(term, MatchReference):
                kept.add(term.column)
        return kept

    def _terms(self) -> list[MatchTerm]:
        found = [t for c in self.node.conditions if c is not None for t in c.terms]
        return [*found, *self.node.terms]

    def _arguments(self) -> list[Expression]:
        """The arguments of all aggregates that are no constants."""
        return [
            argument
            for term in self._terms()
            if isinstance(term, MatchAggregate)
            for argument in term.call.arguments
            if not isinstance(argument, Literal)
        ]

    def kept(self) -> list[str]:
        """The columns of a row that matches still ask of."""
        arguments = [f"x{i}" for i in range(len(self._arguments()))]
        return [*(f"c{i}" for i in sorted(self._kept_indexes())), *arguments]

    def edge(self, chain: Chain, source: str) -> FusedStage:
        """The rows of one input."""
        inputs = names(len(self.node.input.fields))

        def lowered(expression: Expression) -> exp.Expression:
            return lower(expression, inputs, self.zone)

        made = {f"x{i}": lowered(e) for i, e in enumerate(self._arguments())}
        if self.timed:
            made[TIME] = micros(lowered(self.node.order[0].expression))
        for i, key in enumerate(self.node.order[1:]):
            made[f"o{i}"] = lowered(key.expression)
        for i, condition in enumerate(self.node.conditions):
            if condition is not None and not condition.terms:
                held = lowered(condition.expression)
                made[f"d{i}"] = cast(fn("COALESCE", held, exp.false()), "BOOLEAN")
        outputs = [column(name) for name in self.kept() if name.startswith("c")]
        outputs += [alias(value, name) for name, value in made.items()]
        evaluated = [value.copy() for value in made.values()]
        return FusedStage(
            input=source,
            query=text(over(rows_query(chain, source, []), outputs)),
            probe=text(probe_query(chain, wide(source), evaluated)),
            passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
            filters=chain.filters,
        )

    # -- queries

    def batch(self) -> str:
        """Rows partition by partition (`h`), in order."""
        head = exp.Window(
            this=exp.Min(this=column(SEQUENCE)), partition_by=[column(k) for k in self.keys()]
        )
        query = exp.Select(expressions=[exp.Star(), alias(head, HEAD)])
        query = query.from_(relation(f"{self.name}_batch"))
        further = [
            exp.Ordered(this=column(f"o{i}"), desc=key.descending, nulls_first=key.nulls_first)
            for i, key in enumerate(self.node.order[1:])
        ]
        return text(query.order_by(column(HEAD), column(TIME), *further, column(SEQUENCE)))

    def conditions(self) -> list[ConditionPlan | None]:
        """The conditions of the variables, by place."""
        return [self._condition(place) for place in range(len(self.node.conditions))]

    def _condition(self, place: int) -> ConditionPlan | None:
        condition = self.node.conditions[place]
        if condition is None:
            return None
        if not condition.terms:
            return ConditionPlan(f"d{place}")
        name = f"{self.name}_define{place}"
        inputs = names(len(self.node.input.fields))
        columns = [*inputs, *(f"y{i}" for i in range(len(condition.terms)))]
        held = lower(condition.expression, columns, self.zone)
        read = [columns[i] for i in sorted(input_indexes(condition.expression))]
        rows = exp.Select(
            expressions=[*map(column, read), column(ROW), alias(exp.false(), "bad")]
        ).from_(relation(name))
        tried = over(rows, [alias(attempt([held]), "s")])
        result = template(
            "CASE WHEN s IS NULL THEN 2 WHEN struct_extract(s, 'c0') THEN 1 ELSE 0 END"
        )
        query = over(tried, [alias(cast(result, "TINYINT"), "held")])
        own = tuple(name for name in read if name.startswith("c"))
        return ConditionPlan(None, name, text(query), own, self._plan(condition.terms, name))

    def measures(self) -> TermsPlan:
        """The terms of the measures."""
        return self._plan(self.node.terms, f"{self.name}_measures")

    def _plan(self, terms: Sequence[MatchTerm], name: str) -> TermsPlan:
        references = tuple(
            ReferenceTerm(i, term.variable, term.last, term.offset, f"c{term.column}")
            for i, term in enumerate(terms)
            if isinstance(term, MatchReference)
        )
        variables: dict[int | None, list[int]] = {}
        for i, term in enumerate(terms):
            if isinstance(term, MatchAggregate):
                variables.setdefault(term.variable, []).append(i)
        aggregates = tuple(
            self._aggregates(terms, places, variable, f"{name}_{i}")
            for i, (variable, places) in enumerate(variables.items())
        )
        return TermsPlan(references, aggregates)

    def _aggregates(
        self, terms: Sequence[MatchTerm], places: Sequence[int], variable: int | None, name: str
    ) -> AggregateTerms:
        columns: list[str] = []
        partials: list[exp.Expression] = []
        finals: list[exp.Expression] = []
        for place in places:
            term = terms[place]
            assert isinstance(term, MatchAggregate)
            call = self._over_columns(term.call, columns)
            inputs = [*columns, LIVE]
            live = InputRef(len(columns), LIVE, call.type)
            plan = aggregate_plan(
                AggregateCall(call.function, call.arguments, call.type, filter=live),
                place, inputs, None, self.zone,
            )  # fmt: skip
            partials += [alias(part.partial, part.name) for part in plan.partials]
            finals.append(alias(plan.final, f"y{place}"))
        grouped = exp.Select(expressions=[column(GROUP), *partials])
        grouped = grouped.from_(relation(name)).group_by(column(GROUP))
        query = text(over(grouped, finals).order_by(column(GROUP)))
        return AggregateTerms(tuple(places), variable, name, query, tuple(columns))

    def _over_columns(self, call: AggregateCall, columns: list[str]) -> AggregateCall:
        """The call over the columns in which its arguments stand."""
        known = self._arguments()
        made: list[Expression] = []
        for argument in call.arguments:
            if isinstance(argument, Literal):
                made.append(argument)
                continue
            place = next(i for i, own in enumerate(known) if own is argument)
            if f"x{place}" not in columns:
                columns.append(f"x{place}")
            made.append(InputRef(columns.index(f"x{place}"), f"x{place}", argument.type))
        return AggregateCall(call.function, tuple(made), call.type)
