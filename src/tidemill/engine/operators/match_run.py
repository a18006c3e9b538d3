"""One partition on its way through the automaton of a pattern: what has begun, row by row.

A row is tried by every match that has begun, and may begin one. A match that is complete comes out
once none that began earlier can still come before it; then those go that the skip strategy rules
out. The rows of a match are neighbours, so it is known by its first row and the rows per variable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tidemill.engine.operators.match_queue import Begun, Queue, drop, pop, push, push_all
from tidemill.errors import EngineError, Where
from tidemill.plan.automaton import FINAL, Tests
from tidemill.plan.operators.match_recognize import MatchStage
from tidemill.records import dataclass
from tidemill.sql.match import AfterMatchSkip

NOT_BEGUN = 2**62
"""Stands for the first row of the match that the next row may begin."""

Holds: TypeAlias = Callable[[int, "tuple[int, ...]"], bool]
"""Whether the condition of a variable holds for the row at hand, after so many rows of each."""


@dataclass(slots=True)
class Match:
    """One match: the numbers of its rows, how many each variable took, and when it came out."""

    rows: list[int]
    counts: tuple[int, ...]
    time_us: int
    by: int
    """The number of the row with which it came out; the order of the output."""


class Run:
    """What is kept of one partition; `rows` are numbers, `first` is the position of the first."""

    __slots__ = ("begun", "complete", "first", "rows", "times")

    def __init__(self, variables: int) -> None:
        self.begun: Queue = [(NOT_BEGUN, 0, (0,) * variables)]
        self.complete: Queue = []
        self.rows: list[int] = []
        self.times: list[int] = []
        """Milliseconds, of the same rows."""
        self.first = 0

    @property
    def idle(self) -> bool:
        """Whether no match has begun."""
        return len(self.begun) == 1 and not self.complete

    def earliest_ms(self) -> int | None:
        """When the earliest match began that waits for a row."""
        starts = [one[0] for one in self.begun if one[0] != NOT_BEGUN]
        return self.times[min(starts) - self.first] if starts else None

    def trim(self) -> list[int]:
        """Forget the rows before the first match; their numbers."""
        starts = [one[0] for queue in (self.begun, self.complete) for one in queue]
        keep = min(min(starts, default=NOT_BEGUN) - self.first, len(self.rows))
        gone = self.rows[:keep]
        del self.rows[:keep], self.times[:keep]
        self.first += keep
        return gone


class Stepper:
    """Takes runs from row to row."""

    def __init__(self, stage: MatchStage) -> None:
        self._stage = stage
        self._ways = stage.automaton.ways
        self._within_ms = stage.within_ms

    def take(self, run: Run, time_us: int, holds: Holds) -> list[Match]:
        """The next row, which is the last of `run.rows`; the matches that come out."""
        position = run.first + len(run.rows) - 1
        begun: Queue = []
        found: Queue = []
        for one in run.begun:
            start, state, counts = one
            first = position if start == NOT_BEGUN else start
            for way in self._ways[state]:
                if not _all_hold(way.tests, counts, holds):
                    continue
                place = way.variable
                taken = (*counts[:place], counts[place] + 1, *counts[place + 1 :])
                if way.target == FINAL:
                    push(found, (first, FINAL, taken))
                    continue
                push(begun, (first, way.target, taken))
                if way.ends and any(_all_hold(tests, counts, holds) for tests in way.ends):
                    push(found, (first, FINAL, taken))
            if start == NOT_BEGUN:
                push(begun, one)
        run.begun = begun
        push_all(run.complete, found)
        return self._released(run, time_us)

    def advance(self, run: Run, time_us: int) -> list[Match]:
        """Time has come to `time_us`: matches go that take too long; what they held back."""
        if self._within_ms is None or len(run.begun) == 1:
            return []
        last_ms = time_us // 1000 - self._within_ms
        begun: Queue = []
        for one in run.begun:
            if one[0] == NOT_BEGUN or run.times[one[0] - run.first] > last_ms:
                push(begun, one)
        run.begun = begun
        return self._released(run, time_us)

    def _released(self, run: Run, time_us: int) -> list[Match]:
        """Complete matches before which no other can come any more."""
        out: list[Match] = []
        complete = run.complete
        while complete and complete[0][0] <= run.begun[0][0]:
            match = pop(complete)
            start = match[0] - run.first
            rows = run.rows[start : start + sum(match[2])]
            out.append(Match(rows, match[2], time_us, run.rows[-1]))
            self._skip(run, match)
        return out

    def _skip(self, run: Run, match: Begun) -> None:
        """What begins before the place where the next match may begin is no match."""
        start, counts = match[0], match[2]
        skip, variable = self._stage.skip, self._stage.skip_variable
        if skip is AfterMatchSkip.TO_NEXT_ROW:
            least = start + 1
        elif skip is AfterMatchSkip.PAST_LAST_ROW:
            least = start + sum(counts)
        else:
            assert variable is not None
            least = start + sum(counts[:variable])
            least += counts[variable] - 1 if skip is AfterMatchSkip.TO_LAST else 0
            if not counts[variable] or least == start:
                raise self._stuck(missing=not counts[variable])

        def goes(one: Begun) -> bool:
            return one[0] < least

        drop(run.begun, goes)
        drop(run.complete, goes)

    def _stuck(self, *, missing: bool) -> EngineError:
        stage = self._stage
        variable = stage.pattern[stage.skip_variable or 0]
        why = "took no row of it" if missing else "begins with that very row"
        return EngineError(
            f"AFTER MATCH SKIP {stage.skip.value} {variable}: a match {why}",
            code="engine.match-stuck",
            where=Where(operator=stage.id),
            detail="Flink's job fails too: there is no row from which to go on.",
            hint="Write AFTER MATCH SKIP TO NEXT ROW, or skip to a variable that always takes a "
            "row behind the first one.",
        )


def _all_hold(tests: Tests, counts: tuple[int, ...], holds: Holds) -> bool:
    return all(holds(variable, counts) is wanted for variable, wanted in tests)
