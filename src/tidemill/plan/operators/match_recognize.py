"""MATCH_RECOGNIZE: rows in order of time that fit a pattern; append-only."""

from __future__ import annotations

from typing import Any

from tidemill.errors import SqlError
from tidemill.plan import refusals
from tidemill.plan.automaton import Automaton, automaton
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.match import ConditionPlan, MatchSql, TermsPlan
from tidemill.plan.physical import OperatorStage, changelog_mode
from tidemill.plan.planning import RUNTIME_MODE, Columns, OperatorPlanner, Planning, stage_schema
from tidemill.records import dataclass
from tidemill.sql.expressions import InputRef
from tidemill.sql.logical import MatchRecognize, TimeAttribute
from tidemill.sql.match import AfterMatchSkip
from tidemill.sql.render import duration, render_expression


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchStage(OperatorStage):
    """`MatchSql` says what the columns and queries are.

    `event_time`: rows wait until the watermark reaches them; with `at_end` (Flink's batch mode)
    until the input ends, and no row is late.
    """

    pattern: tuple[str, ...]
    automaton: Automaton
    conditions: tuple[ConditionPlan | None, ...]
    measures: TermsPlan
    skip: AfterMatchSkip
    skip_variable: int | None
    within_ms: int | None
    fixed_length: bool
    event_time: bool
    at_end: bool
    batch: str
    keys: tuple[str, ...]
    kept: tuple[str, ...]
    rowtime: bool
    partition_by: tuple[str, ...]
    order_by: tuple[str, ...]
    defined: tuple[str, ...]

    @property
    def title(self) -> str:
        """The same in Flink."""
        return "Match"

    @property
    def waits_for_watermark(self) -> bool:
        """By event time a match comes out when the watermark has reached its last row."""
        return self.event_time and not self.at_end

    @property
    def on_clock(self) -> bool:
        """A match that waits for an earlier one comes out when that one has timed out."""
        return not self.event_time and self.within_ms is not None and not self.fixed_length

    def facts(self) -> dict[str, Any]:
        """Partition, order, pattern, and what is kept."""
        if self.within_ms is None:
            bound = "unbounded: no WITHIN"
        else:
            bound = f"rows of less than {duration(self.within_ms * 1000)}"
        waiting = "; rows until the watermark reaches them" if self.waits_for_watermark else ""
        skip = self.skip.value
        if self.skip_variable is not None:
            skip += f" {self.pattern[self.skip_variable].rstrip('+*?{},0123456789')}"
        queries = [c.query for c in self.conditions if c is not None and c.query]
        return {
            "partition_by": list(self.partition_by),
            "order_by": list(self.order_by),
            "pattern": " ".join(self.pattern),
            "after_match": f"skip {skip.lower() if self.skip_variable is None else skip}",
            "within": None if self.within_ms is None else duration(self.within_ms * 1000),
            "define": list(self.defined),
            "changelog": changelog_mode(self.changelog),
            "state": f"the rows of matches that have begun; {bound}{waiting}",
            "sql": queries[0] if queries else None,
        }

    def fingerprint(self) -> tuple[str, ...]:
        """The pattern numbers the stored states, the columns are those that are stored."""
        return (" ".join(self.pattern), " ".join(self.kept), *self.defined, str(self.within_ms))

    @property
    def growing_matches(self) -> bool:
        """Whether a match that has begun is kept until it ends, if ever."""
        return self.within_ms is None and not self.at_end


def _plan(node: MatchRecognize, planning: Planning, _used: Columns) -> MatchStage:
    key = node.order[0].expression
    assert isinstance(key, InputRef)
    attribute = node.input.fields[key.index].time_attribute
    event_time = attribute is TimeAttribute.ROWTIME
    batch = planning.settings.get(RUNTIME_MODE, "").lower() == "batch"
    at_end = event_time and batch and planning.bounded(node)
    if event_time and not at_end:
        refusals.has_watermark(node.input, planning.watermarks, node.where)
    name = planning.name("m")
    sql = MatchSql(node, name, planning.zone, event_time)
    parts = planning.parts(node.input, sql.wanted())
    if any(planning.changelogs[source].updates for _, source in parts):
        raise SqlError(
            "MATCH_RECOGNIZE over a changelog is not supported",
            code="plan.unsupported-match",
            where=node.where,
            detail="Flink does not run it either: a row of a match could be withdrawn.",
            hint="Match the rows before they are aggregated or joined.",
        )
    fields = node.input.fields
    return MatchStage(
        id=name,
        edges=tuple(sql.edge(chain, source) for chain, source in parts),
        schema=stage_schema(node.fields, False),
        changelog=APPEND_ONLY,
        pattern=tuple(map(str, node.pattern)),
        automaton=automaton(node.pattern),
        conditions=tuple(sql.conditions()),
        measures=sql.measures(),
        skip=node.skip,
        skip_variable=node.skip_variable,
        within_ms=node.within_ms,
        fixed_length=all(variable.least == variable.most for variable in node.pattern),
        event_time=event_time,
        at_end=at_end,
        batch=sql.batch(),
        keys=tuple(sql.keys()),
        kept=tuple(sql.kept()),
        rowtime=node.rowtime,
        partition_by=tuple(fields[key].name for key in node.keys),
        order_by=tuple(render_expression(key.expression) for key in node.order),
        defined=tuple(
            f"{variable.name} AS {render_expression(condition.expression)}"
            for variable, condition in zip(node.pattern, node.conditions, strict=True)
            if condition is not None
        ),
        where=node.where,
    )


PLANNER = OperatorPlanner(_plan)
