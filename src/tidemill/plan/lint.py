"""Warnings about a plan that runs, but perhaps not as its author thinks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tidemill.errors import TextWhere
from tidemill.plan.physical import PhysicalPlan
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Warning:
    """One warning: a stable name, what was noticed, and what to do."""

    name: str
    message: str
    hint: str
    where: TextWhere | None = None


def lint(plan: PhysicalPlan) -> list[Warning]:
    """All warnings about a plan."""
    return [warning for rule in _RULES for warning in rule(plan)]


def _no_idle_timeout(plan: PhysicalPlan) -> Iterator[Warning]:
    """A silent partition holds all windows open for ever."""
    windowed = {
        source.id
        for operator in plan.operators
        if operator.waits_for_watermark
        for edge in operator.edges
        for source in plan.source_of(edge.input)
    }
    for source in plan.sources:
        waits = source.id in windowed and not source.bounded and source.event_time is not None
        if waits and source.idle_timeout_ms is None:
            yield Warning(
                "no-idle-timeout",
                f"a partition of `{source.table.name}` without rows holds all windows open",
                "SET 'table.exec.source.idle-timeout' = '30 s', or give the table the option "
                "'scan.watermark.idle-timeout'.",
                source.where,
            )


def _no_delay(plan: PhysicalPlan) -> Iterator[Warning]:
    """A watermark without delay makes every row out of order late."""
    for source in plan.sources:
        if source.event_time is not None and source.event_time.delay_us == 0:
            yield Warning(
                "no-watermark-delay",
                f"the watermark of `{source.table.name}` allows no disorder at all",
                f"WATERMARK FOR {source.event_time.rowtime} AS {source.event_time.rowtime} - "
                "INTERVAL '5' SECOND",
                source.where,
            )


def _dropped_late_rows(plan: PhysicalPlan) -> Iterator[Warning]:
    """Late rows of a windowed stream are only counted."""
    windowed = [o for o in plan.operators if o.drops_late]
    sources = {s.id: s for o in windowed for e in o.edges for s in plan.source_of(e.input)}
    for source in sources.values():
        if not source.bounded and "late-handling.mode" not in source.table.options:
            yield Warning(
                "late-rows-dropped",
                f"rows of `{source.table.name}` that come after their windows closed are counted "
                "and dropped",
                "Give the table the option 'late-handling.mode' = 'table' to keep them, or "
                "'drop' to say so.",
                source.where,
            )


def _unbounded_state(plan: PhysicalPlan) -> Iterator[Warning]:
    """State that nothing ever removes."""
    for stage in plan.operators:
        if stage.growing_keys:
            yield Warning(
                "unbounded-state",
                f"state grows with every new key of ({', '.join(stage.growing_keys)}) and is never "
                "forgotten",
                "SET 'table.exec.state.ttl' = '1 d' to forget keys that are not updated for a "
                "day, or group by a window.",
                stage.where,
            )


def _unbounded_join(plan: PhysicalPlan) -> Iterator[Warning]:
    """A join that keeps both sides for ever."""
    for stage in plan.operators:
        if stage.growing_rows:
            yield Warning(
                "unbounded-join",
                "the join keeps every row of both sides and never forgets one",
                "SET 'table.exec.state.ttl' = '1 d' to forget rows after a day, or bound the time "
                "between the two: a.ts BETWEEN b.ts - INTERVAL '1' HOUR AND b.ts.",
                stage.where,
            )


def _unbounded_match(plan: PhysicalPlan) -> Iterator[Warning]:
    """A pattern without WITHIN keeps what has begun until it ends."""
    for stage in plan.operators:
        if stage.growing_matches:
            yield Warning(
                "unbounded-match",
                "a match that has begun is kept until it ends or fails, however long that takes",
                "Bound it: PATTERN (...) WITHIN INTERVAL '1' HOUR.",
                stage.where,
            )


def _clock_at_the_end(plan: PhysicalPlan) -> Iterator[Warning]:
    """What waits on processing time when the input ends never comes out."""
    for stage in plan.operators:
        ends = all(source.bounded for source in plan.source_of(stage.id))
        if stage.on_clock and ends:
            yield Warning(
                "open-at-the-end",
                "the input ends, and what is open on processing time then (a window, a match or "
                "a row of an outer join that waits) gives no rows, as in Flink",
                "Use event time for bounded input: a column with a WATERMARK.",
                stage.where,
            )


_RULES: tuple[Callable[[PhysicalPlan], Iterator[Warning]], ...] = (
    _no_idle_timeout,
    _no_delay,
    _dropped_late_rows,
    _unbounded_state,
    _unbounded_join,
    _unbounded_match,
    _clock_at_the_end,
)
