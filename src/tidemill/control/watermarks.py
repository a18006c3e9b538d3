"""The watermark doctor: why a window has not closed, and what more delay would have saved.

Plain data from an `Observation`, which a running engine gives or its last checkpoint holds. A
partition that has been silent for its idle timeout since then counts as idle, as the engine will
see it; nothing else is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tidemill.engine.lateness import late_within
from tidemill.engine.observation import Observation, PartitionTime, SourceTime, WaitingOperator
from tidemill.records import dataclass

_SHARES = (0.5, 0.9, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class Holder:
    """A partition that holds event time back.

    `needs_rowtime_us` is the event time that a row there must have at least, where the watermark
    is the rowtime less a constant. `idle_in_ms` is when it will count as idle; None: never.
    """

    table: str
    partition: str
    rowtime: str
    watermark_us: int | None
    needs_us: int
    needs_rowtime_us: int | None
    silent_ms: int
    rows: bool
    idle_in_ms: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for event time, and who holds it back; `idle` are tables all of which is idle."""

    operator: WaitingOperator
    holders: tuple[Holder, ...]
    idle: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """With `more_ms` more delay, `rows` of the late rows would have come in time."""

    more_ms: int
    rows: int


@dataclass(frozen=True, slots=True)
class Late:
    """The late rows of a source; `saved` ascends, `measured` is how many it speaks of."""

    table: str
    rows: int
    late: int
    measured: int
    delay_us: int | None
    saved: tuple[Saved, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings; `now_ms` is the moment they hold for."""

    now_ms: int
    sources: tuple[SourceTime, ...]
    waiting: tuple[Waiting, ...]
    late: tuple[Late, ...]


def diagnose(observed: Observation, counters: Mapping[str, int], now_ms: int) -> Diagnosis:
    """Find out what waits for whom.

    Args:
        observed: where event time stood.
        counters: the row accounting of that moment.
        now_ms: the wall clock; for a pipeline that has stopped, the moment of the observation.
    """
    sources = tuple(_at(source, now_ms) for source in observed.sources)
    by_name = {source.table: source for source in sources}
    waiting = tuple(
        found
        for operator in observed.waiting
        if (found := _waiting(operator, by_name, now_ms)) is not None
    )
    late = tuple(late for source in sources if (late := _late(source, counters)) is not None)
    return Diagnosis(now_ms, sources, waiting, late)


def is_idle(source: SourceTime, part: PartitionTime, now_ms: int) -> bool:
    """Whether a partition counts as idle."""
    timeout = source.idle_timeout_ms
    return part.idle or (timeout is not None and now_ms - part.seen_at_ms >= timeout)


def _at(source: SourceTime, now_ms: int) -> SourceTime:
    """The source with the partitions that have become idle, and its watermark then."""
    parts = {
        name: PartitionTime(
            part.watermark_us, part.seen_at_ms, part.rows, is_idle(source, part, now_ms)
        )
        for name, part in source.partitions.items()
    }
    active = [part.watermark_us for part in parts.values() if not part.idle]
    reached = source.watermark_us
    if active and all(mark is not None for mark in active):
        least = min(mark for mark in active if mark is not None)
        reached = least if reached is None else max(reached, least)
    return replace(source, watermark_us=reached, partitions=parts)


def _waiting(
    operator: WaitingOperator, sources: Mapping[str, SourceTime], now_ms: int
) -> Waiting | None:
    holders: list[Holder] = []
    idle: list[str] = []
    for table, needs_us in operator.sources.items():
        source = sources.get(table)
        if source is None or source.ended or _behind(source.watermark_us, needs_us) is False:
            continue
        found = list(_holders(source, needs_us, now_ms))
        holders += found
        idle += [] if found else [table]
    return Waiting(operator, tuple(holders), tuple(idle)) if holders or idle else None


def _holders(source: SourceTime, needs_us: int, now_ms: int) -> Iterator[Holder]:
    for name, part in source.partitions.items():
        if part.idle or not _behind(part.watermark_us, needs_us):
            continue
        silent_ms = max(0, now_ms - part.seen_at_ms)
        timeout_ms = source.idle_timeout_ms
        yield Holder(
            table=source.table,
            partition=name,
            rowtime=source.rowtime,
            watermark_us=part.watermark_us,
            needs_us=needs_us,
            needs_rowtime_us=None if source.delay_us is None else needs_us + source.delay_us,
            silent_ms=silent_ms,
            rows=part.rows,
            idle_in_ms=None if timeout_ms is None else max(0, timeout_ms - silent_ms),
        )


def _behind(watermark_us: int | None, needs_us: int) -> bool:
    return watermark_us is None or watermark_us < needs_us


def _late(source: SourceTime, counters: Mapping[str, int]) -> Late | None:
    late = counters.get(f"source.{source.table}.late", 0)
    if not late:
        return None
    counts = late_within(counters, source.table)
    measured = sum(counts.values())
    saved: list[Saved] = []
    so_far = 0
    thresholds = [share * measured for share in _SHARES]
    for bound, count in counts.items():
        so_far += count
        if bound is None or not thresholds or so_far < thresholds[0]:
            continue
        saved.append(Saved(bound, so_far))
        thresholds = [threshold for threshold in thresholds if threshold > so_far]
    rows = counters.get(f"source.{source.table}.rows", 0)
    return Late(source.table, rows, late, measured, source.delay_us, tuple(saved))
