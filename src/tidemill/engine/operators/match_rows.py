"""Conditions and terms over the rows of matches, for as many rows as can be computed at once.

The rows of a partition lie behind each other, so which rows a condition looks at follows from how
many rows each variable has taken so far: they are so and so far back. A condition is computed for
all rows at once under the distances that come up, as most rows share them; under long distances
only for the rows that follow next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.match_queue import Queue
from tidemill.plan.automaton import Automaton
from tidemill.plan.match import GROUP, LIVE, AggregateTerms, ConditionPlan, TermsPlan
from tidemill.plan.physical import ROW

Int64s = npt.NDArray[np.int64]
Distances: TypeAlias = "tuple[int, ...]"
"""How far back each reference's row lies (-1: there is none), then begin and size of each run."""

NEAR_MAX = 16
"""Distances up to this are computed for all rows at once."""
AHEAD = 32
"""For how many rows a condition with longer distances is computed at once, at most."""
_AHEAD_COST = 200_000
"""How many rows may be aggregated for that at once."""
_FAILED = 2


class RowFailedError(Exception):
    """The condition of a variable cannot be computed for the row at hand."""

    def __init__(self, variable: int) -> None:
        super().__init__(variable)
        self.variable = variable


class MatchRows:
    """Rows of several partitions, those of each behind each other and in order."""

    def __init__(
        self,
        kernel: Kernel,
        conditions: Sequence[ConditionPlan | None],
        table: pa.Table,
        held: dict[int, npt.NDArray[np.bool_]],
    ) -> None:
        """`held` says for the conditions over the row alone where they hold, by variable."""
        self.table = table
        self.held = held
        self._kernel = kernel
        self._conditions = conditions
        self._distances: dict[tuple[int, tuple[int, ...]], Distances] = {}
        self._near: dict[tuple[int, Distances], npt.NDArray[np.int8]] = {}
        self._far: dict[tuple[int, Distances, int], int] = {}

    def holds(
        self, row: int, stop: int, variable: int, counts: tuple[int, ...], begun: Queue
    ) -> bool:
        """Whether a variable takes a row of a partition that ends at `stop`.

        `counts` are the rows that each variable has taken before; those of other matches that have
        `begun` are likely to be asked for next.
        """
        condition = self._conditions[variable]
        if condition is None:
            return True
        if condition.of_row is not None:
            return bool(self.held[variable][row])
        key = (variable, counts)
        back = self._distances.get(key)
        if back is None:
            back = self._distances[key] = distances(condition.terms, counts, variable)
        found = self._near.get((variable, back))
        if found is None and max(back) <= NEAR_MAX:
            found = self._everywhere(condition, back)
            self._near[variable, back] = found
        if found is not None:
            result = int(found[row])
        else:
            if (variable, back, row) not in self._far:
                self._compute_ahead(condition, variable, counts, begun, row, stop)
            result = self._far[variable, back, row]
        if result == _FAILED:
            raise RowFailedError(variable)
        return result == 1

    def _everywhere(self, condition: ConditionPlan, back: Distances) -> npt.NDArray[np.int8]:
        """A condition for all rows; where a distance leads out of a partition nobody asks."""
        rows = np.arange(self.table.num_rows, dtype=np.int64)
        matrix = np.broadcast_to(np.array(back, np.int64), (len(rows), len(back)))
        return self._compute(condition, rows, matrix)

    def _compute_ahead(
        self,
        condition: ConditionPlan,
        variable: int,
        counts: tuple[int, ...],
        begun: Queue,
        row: int,
        stop: int,
    ) -> None:
        """A condition for the row and those that follow, as if the variable took all of them.

        For all matches that have begun together: one query for each would cost more than its rows.
        """
        runs = [counts]
        for _, _, other in begun:
            key = (variable, other)
            back = self._distances.get(key)
            if back is None:
                back = self._distances[key] = distances(condition.terms, other, variable)
            if other != counts and max(back) > NEAR_MAX and (variable, back, row) not in self._far:
                runs.append(other)
        longest = max(map(sum, runs)) + 1
        size = min(AHEAD, stop - row, max(_AHEAD_COST // (len(runs) * longest), 1))
        ahead = [
            distances(condition.terms, _more(one, variable, i), variable)
            for one in runs
            for i in range(size)
        ]
        rows = np.tile(np.arange(row, row + size, dtype=np.int64), len(runs))
        found = self._compute(condition, rows, np.array(ahead, np.int64))
        for back, one, result in zip(ahead, rows.tolist(), found.tolist(), strict=True):
            self._far[variable, back, one] = result

    def _compute(
        self, condition: ConditionPlan, rows: Int64s, back: Int64s
    ) -> npt.NDArray[np.int8]:
        terms = condition.terms
        own = self.table.select(condition.columns).take(pa.array(rows))
        columns = list(own.columns)
        names = list(condition.columns)
        for i, reference in enumerate(terms.references):
            away = back[:, i]
            columns.append(self.values_at(reference.column, np.where(away < 0, -1, rows - away)))
            names.append(f"y{reference.place}")
        for i, aggregates in enumerate(terms.aggregates):
            place = len(terms.references) + 2 * i
            firsts = np.maximum(rows - back[:, place], 0)
            sizes = back[:, place + 1]
            flat = np.repeat(firsts, sizes) + _within(sizes)
            made = self.aggregated(aggregates, flat, sizes)
            columns += made.columns
            names += made.column_names
        columns.append(pa.array(np.arange(len(rows))))
        given = pa.table(columns, names=[*names, ROW])
        result: npt.NDArray[np.int8] = (
            self._kernel.run(condition.query, condition.relation, given).column(0).to_numpy()
        )
        return result

    def values_at(self, column: str, rows: Int64s) -> pa.ChunkedArray:
        """A column's values at rows; NULL at a row below 0, which is none."""
        places = pa.array(np.maximum(rows, 0), mask=rows < 0)
        return self.table.column(column).take(places)

    def aggregated(self, aggregates: AggregateTerms, rows: Int64s, sizes: Int64s) -> pa.Table:
        """Aggregates over runs of rows behind each other, one result for each; some are empty."""
        count = len(sizes)
        groups = np.concatenate([np.repeat(np.arange(count), sizes), np.arange(count)])
        places = np.concatenate([rows, np.zeros(count, np.int64)])
        live = np.arange(len(places)) < len(rows)
        taken = pa.array(places)
        columns = [self.table.column(name).take(taken) for name in aggregates.columns]
        columns += [pa.array(groups), pa.array(live), pa.array(np.arange(len(live)))]
        named = pa.table(columns, names=[*aggregates.columns, GROUP, LIVE, ROW])
        return self._kernel.run(aggregates.query, aggregates.relation, named)

    def without(self, row: int, start: int, stop: int) -> MatchRows:
        """One partition's rows, `start` to `stop`, without one of them."""
        rows = np.delete(np.arange(start, stop), row - start)
        held = {variable: mask[rows] for variable, mask in self.held.items()}
        table = self.table.take(pa.array(rows))
        return MatchRows(self._kernel, self._conditions, table, held)

    def may_begin(self, automaton: Automaton) -> npt.NDArray[np.bool_] | None:
        """Where a match may begin; None where that depends on more than the row alone."""
        begins = np.zeros(self.table.num_rows, np.bool_)
        for way in automaton.ways[0]:
            holds = np.ones(self.table.num_rows, np.bool_)
            for variable, wanted in way.tests:
                condition = self._conditions[variable]
                if condition is None:
                    holds &= wanted
                elif condition.of_row is None:
                    return None
                else:
                    holds &= self.held[variable] == wanted
            begins |= holds
        return begins


def distances(terms: TermsPlan, counts: tuple[int, ...], variable: int) -> Distances:
    """Where the terms' rows lie, seen from a row that a variable may take after others."""
    found: list[int] = []
    for reference in terms.references:
        first, size = _run(reference.variable, counts, variable)
        place = size - 1 - reference.offset if reference.last else reference.offset
        found.append(first - place if 0 <= place < size else -1)
    for aggregates in terms.aggregates:
        found += _run(aggregates.variable, counts, variable)
    return tuple(found)


def _run(variable: int | None, counts: tuple[int, ...], current: int) -> tuple[int, int]:
    """How far back a variable's rows begin, and how many there are with the one at hand."""
    if variable is None:
        return sum(counts), sum(counts) + 1
    return sum(counts[variable:]), counts[variable] + (variable == current)


def _more(counts: tuple[int, ...], variable: int, more: int) -> tuple[int, ...]:
    return (*counts[:variable], counts[variable] + more, *counts[variable + 1 :])


def _within(sizes: Int64s) -> Int64s:
    """0, 1, ... anew for each of the sizes."""
    before = np.cumsum(sizes) - sizes
    return np.arange(int(sizes.sum())) - np.repeat(before, sizes)
