"""Which aggregates need the values themselves, and which of them share a set of values.

DISTINCT aggregates, and MIN and MAX over a changelog, count the values of their arguments. Those of
the same columns count the same values, each with a weight of its own, as their filters may differ:
eight COUNT(DISTINCT ...) of two columns keep two sets of values. Flink shares them the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.plan.lowering import duckdb_type
from tidemill.records import dataclass
from tidemill.sql.expressions import AggregateCall, InputRef


@dataclass(frozen=True, slots=True)
class Valued:
    """An aggregate that needs its values.

    `number` counts such aggregates from 1, `group` their sets of values from 1, and `slot` the
    aggregates of one set from 0; `alone` says that it shares its set with none.
    """

    number: int
    group: int
    slot: int
    alone: bool
    index: int
    call: AggregateCall

    def values(self) -> list[tuple[str, str]]:
        """Names and DuckDB types of the value columns of its set."""
        return [
            (f"v{self.group}_{j}", duckdb_type(argument.type))
            for j, argument in enumerate(self.call.arguments)
        ]

    def own(self) -> list[str]:
        """Names of the values that its weights leave, beside those of other aggregates."""
        return [f"u{self.number}_{j}" for j in range(len(self.call.arguments))]

    @property
    def weight(self) -> str:
        """Name of the value's weight."""
        return f"vw{self.number}"


def valued_calls(calls: Sequence[tuple[int, AggregateCall]]) -> list[Valued]:
    """The aggregates, with their places among the calls, that need their values."""
    sets: dict[object, list[int]] = {}
    for i, call in calls:
        columns = tuple(a.index for a in call.arguments if isinstance(a, InputRef))
        # What is computed could differ from one time to the next, as RAND() does.
        shared = len(columns) == len(call.arguments)
        sets.setdefault(columns if shared else i, []).append(i)
    where = {
        i: (group, slot, len(together) == 1)
        for group, together in enumerate(sets.values(), 1)
        for slot, i in enumerate(together)
    }
    return [Valued(n, *where[i], i, call) for n, (i, call) in enumerate(calls, 1)]


def shared_values(valued: Sequence[Valued]) -> list[list[Valued]]:
    """The same by their sets, in order."""
    sets: dict[int, list[Valued]] = {}
    for one in valued:
        sets.setdefault(one.group, []).append(one)
    return list(sets.values())
