"""Which rows of a batch, and which open sessions, become one session; by Flink's rules.

A row opens the session [time, time + gap). It becomes one with every open session of its key that
it touches (equality of an end and a start is touching), whatever their order of arrival. A session
has ended for the rows that come when the watermark has reached its end less one millisecond: those
open a new one, even inside its time. A row that by itself has ended already is late, unless it
touches a session that is open.

Rows that come when nothing near them can have ended, nearly all, are merged at once, by their
order in time. Where a session may have ended in the middle of a batch, its rows are taken in
rounds: each takes of every key as many rows, in the order of arrival, as no session can have ended
between.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tidemill.engine.batches import Int64s, Mask
from tidemill.plan.windows import MILLI_US, MIN_WATERMARK_US
from tidemill.records import dataclass

LATE = -1
"""In place of a session's number: the row is late."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Rows or sessions: their key's number, and from when to when."""

    group: Int64s
    start: Int64s
    end: Int64s

    def __len__(self) -> int:
        return len(self.group)

    def take(self, which: npt.NDArray[np.generic]) -> Spans:
        """Some of them."""
        return Spans(self.group[which], self.start[which], self.end[which])

    def beside(self, other: Spans) -> Spans:
        """These, then the others."""
        return Spans(
            np.concatenate([self.group, other.group]),
            np.concatenate([self.start, other.start]),
            np.concatenate([self.end, other.end]),
        )


@dataclass(frozen=True, slots=True)
class Merged:
    """`sessions` in the order of their key and start; `of_open` and `of_rows` are numbers of them.

    A late row has LATE.
    """

    sessions: Spans
    of_open: Int64s
    of_rows: Int64s


def merge(open_: Spans, rows: Spans, standing_us: Int64s | None) -> Merged:
    """Merge a batch's rows (in the order of arrival) with the open sessions of their keys.

    Args:
        open_: open sessions that do not touch each other, unless one has ended.
        rows: each row as a session of its own.
        standing_us: the watermark that stood as each row came; None: later than a millisecond
            before every row.
    """
    items = open_.beside(rows)
    component, sessions = touching(items)
    if standing_us is None or not len(rows):
        return Merged(sessions, component[: len(open_)], component[len(open_) :])
    before = np.concatenate([np.full(len(open_), MIN_WATERMARK_US), standing_us])
    hard = _may_have_ended(items, component, before, len(sessions))
    if not hard.any():
        return Merged(sessions, component[: len(open_)], component[len(open_) :])
    return _in_rounds(items, len(open_), component, sessions, before, hard)


def touching(items: Spans) -> tuple[Int64s, Spans]:
    """The components of spans that touch: each item's number, and what each covers."""
    count = len(items)
    if not count:
        return np.zeros(0, np.int64), items
    order = np.lexsort((items.start, items.group))
    group, start = items.group[order], items.start[order]
    end = _running_max(group, items.end[order])
    new = np.ones(count, np.bool_)
    new[1:] = (group[1:] != group[:-1]) | (start[1:] > end[:-1])
    numbers = np.empty(count, np.int64)
    numbers[order] = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    last = np.append(first[1:], count) - 1
    return numbers, Spans(group[first], start[first], end[last])


def _running_max(group: Int64s, values: Int64s) -> Int64s:
    """The greatest value so far within each run of equal (ascending) groups."""
    distinct, ranks = np.unique(values, return_inverse=True)
    runs = np.cumsum(np.concatenate([[0], group[1:] != group[:-1]]))
    highest = np.maximum.accumulate(runs * len(distinct) + ranks)
    greatest: Int64s = distinct[highest - runs * len(distinct)]
    return greatest


def _may_have_ended(items: Spans, component: Int64s, before: Int64s, count: int) -> Mask:
    """The components in which not every item, as it came, found one open session to join."""
    order = np.argsort(component, kind="stable")  # items stand in the order of arrival
    own, start, end = component[order], items.start[order], items.end[order]
    first = np.concatenate([[True], own[1:] != own[:-1]])
    highest, lowest = _running_max(own, end), -_running_max(own, -start)
    joins = np.empty(len(own), np.bool_)
    joins[0] = True
    joins[1:] = (start[1:] <= highest[:-1]) & (end[1:] >= lowest[:-1])
    joins[1:] &= highest[:-1] - MILLI_US > before[order][1:]
    joins[first] = end[first] - MILLI_US > before[order][first]
    hard = np.zeros(count, np.bool_)
    hard[own[~joins]] = True
    return hard


def _in_rounds(
    items: Spans, opened: int, component: Int64s, sessions: Spans, before: Int64s, hard: Mask
) -> Merged:
    """Merge the hard components in rounds; the others are as they are."""
    easy = ~hard[component]
    parts = [sessions.take(~hard)]
    numbers = np.full(len(items), LATE, np.int64)
    renumbered = np.cumsum(~hard) - 1
    numbers[easy] = renumbered[component[easy]]
    rest = _Rounds(items, before, component, len(parts[0]))
    live = np.flatnonzero(~easy & (np.arange(len(items)) < opened))
    rest.begin(live)
    rows = np.flatnonzero(~easy & (np.arange(len(items)) >= opened))
    rest.run(rows[np.argsort(component[rows], kind="stable")])
    found, of_items = rest.result()
    numbers[~easy] = of_items[~easy]
    return _in_order(parts[0].beside(found), numbers, opened)


def _in_order(sessions: Spans, numbers: Int64s, opened: int) -> Merged:
    """Sessions sorted by key and start."""
    order = np.lexsort((sessions.start, sessions.group))
    place = np.empty(len(order) + 1, np.int64)
    place[order] = np.arange(len(order))
    place[LATE] = LATE
    numbers = place[numbers]
    return Merged(sessions.take(order), numbers[:opened], numbers[opened:])


class _Rounds:
    """The hard components; every session that is made gets a number, which a later one may take."""

    def __init__(self, items: Spans, before: Int64s, component: Int64s, first: int) -> None:
        self._items, self._before, self._component = items, before, component
        self._number = np.full(len(items), LATE, np.int64)
        self._first = first
        self._made = items.take(np.zeros(0, np.int64))
        self._parent: Int64s = np.zeros(0, np.int64)
        self._live: Int64s = np.zeros(0, np.int64)
        self._of_live: Int64s = np.zeros(0, np.int64)

    def begin(self, live: Int64s) -> None:
        """The open sessions of the state, by their items."""
        self._number[live] = self._add(self._items.take(live))
        self._live, self._of_live = self._number[live], self._component[live]

    def _add(self, spans: Spans) -> Int64s:
        numbers = np.arange(len(self._made), len(self._made) + len(spans))
        self._made = self._made.beside(spans)
        self._parent = np.concatenate([self._parent, numbers])
        return numbers

    def run(self, rows: Int64s) -> None:
        """Take rows, sorted by component and then in the order of arrival, round by round."""
        while len(rows):
            own = self._component[rows]
            heads = np.flatnonzero(np.concatenate([[True], own[1:] != own[:-1]]))
            sizes = np.diff(np.append(heads, len(rows)))
            self._close(rows[heads])
            least, touched = self._look(rows[heads])
            taken = self._taken(rows, heads, sizes, least)
            late = self._own_end(rows[heads]) <= self._before[rows[heads]]
            taken[np.repeat(late, sizes)] = False
            taken[heads] = True
            dropped = np.zeros(len(rows), np.bool_)
            dropped[heads] = late & ~touched
            self._join(rows[taken & ~dropped])
            rows = rows[~taken]

    def _own_end(self, rows: Int64s) -> Int64s:
        return self._items.end[rows] - MILLI_US

    def _close(self, heads: Int64s) -> None:
        """Sessions that had ended when the next row of their component came stay as they are."""
        came = np.full(int(self._component.max()) + 1, MIN_WATERMARK_US)
        came[self._component[heads]] = self._before[heads]
        open_ = self._made.end[self._live] - MILLI_US > came[self._of_live]
        self._live, self._of_live = self._live[open_], self._of_live[open_]

    def _look(self, heads: Int64s) -> tuple[Int64s, Mask]:
        """For each first row: the least end of its open sessions, and whether it touches one."""
        place = np.full(int(self._component.max()) + 1, -1, np.int64)
        place[self._component[heads]] = np.arange(len(heads))
        mine = place[self._of_live]
        near = mine >= 0
        mine, live = mine[near], self._live[near]
        least = np.full(len(heads), np.iinfo(np.int64).max)
        np.minimum.at(least, mine, self._made.end[live])
        row = heads[mine]
        touch = self._made.start[live] <= self._items.end[row]
        touch &= self._made.end[live] >= self._items.start[row]
        touched = np.zeros(len(heads), np.bool_)
        touched[mine[touch]] = True
        return least, touched

    def _taken(self, rows: Int64s, heads: Int64s, sizes: Int64s, least: Int64s) -> Mask:
        """The rows that came before any session of their component, or they themselves, ended."""
        own = np.repeat(np.arange(len(heads)), sizes)
        lowest = -_running_max(own, -self._items.end[rows])
        shortest = np.repeat(least, sizes)
        shortest[1:] = np.where(
            own[1:] == own[:-1], np.minimum(shortest[1:], lowest[:-1]), shortest[1:]
        )
        shortest = np.minimum(shortest, self._items.end[rows])
        stops = self._before[rows] >= shortest - MILLI_US
        stops[heads] = False
        taken: Mask = _running_max(own, stops.astype(np.int64)) == 0
        return taken

    def _join(self, rows: Int64s) -> None:
        """Rows and the open sessions of their components become new sessions."""
        affected = np.isin(self._of_live, self._component[rows])
        live = self._live[affected]
        spans = self._made.take(live).beside(self._items.take(rows))
        component = np.concatenate([self._of_live[affected], self._component[rows]])
        by_component = Spans(component, spans.start, spans.end)
        numbers, covered = touching(by_component)
        groups = np.empty(len(covered), np.int64)
        groups[numbers] = spans.group
        new = self._add(Spans(groups, covered.start, covered.end))
        self._parent[live] = new[numbers[: len(live)]]
        self._number[rows] = new[numbers[len(live) :]]
        self._live = np.concatenate([self._live[~affected], new])
        self._of_live = np.concatenate([self._of_live[~affected], covered.group])

    def result(self) -> tuple[Spans, Int64s]:
        """The sessions that no other has taken, and each item's, numbered from `first`."""
        root = self._parent
        while not np.array_equal(root[root], root):
            root = root[root]
        kept = np.flatnonzero(root == np.arange(len(root)))
        place = np.full(len(root) + 1, LATE, np.int64)
        place[kept] = np.arange(len(kept)) + self._first
        of_items = np.where(
            self._number == LATE, LATE, place[root[self._number]] if len(root) else LATE
        )
        return self._made.take(kept), of_items
