"""The order in which matches that have begun are tried: that of a Java PriorityQueue.

By their first row; but several ways into one match have the same, and which of them comes first
decides what Flink gives out. So this is the same binary heap with the same steps, in a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

Begun: TypeAlias = "tuple[int, int, tuple[int, ...]]"
"""The position of the first row, the state, and how many rows each variable took."""
Queue: TypeAlias = "list[Begun]"


def push(queue: Queue, one: Begun) -> None:
    """Put one in."""
    place = len(queue)
    queue.append(one)
    while place:
        above = (place - 1) >> 1
        if one[0] >= queue[above][0]:
            break
        queue[place] = queue[above]
        place = above
    queue[place] = one


def push_all(queue: Queue, several: Iterable[Begun]) -> None:
    """Put several in, in their order."""
    for one in several:
        push(queue, one)


def pop(queue: Queue) -> Begun:
    """Take the first one out."""
    first, last = queue[0], queue.pop()
    if queue:
        _sink(queue, 0, last)
    return first


def drop(queue: Queue, goes: Callable[[Begun], bool]) -> None:
    """Take out all that a test says."""
    kept = [one for one in queue if not goes(one)]
    if len(kept) == len(queue):
        return
    queue[:] = kept
    for place in reversed(range(len(queue) >> 1)):
        _sink(queue, place, queue[place])


def _sink(queue: Queue, place: int, one: Begun) -> None:
    size = len(queue)
    while place < size >> 1:
        below = 2 * place + 1
        if below + 1 < size and queue[below][0] > queue[below + 1][0]:
            below += 1
        if one[0] <= queue[below][0]:
            break
        queue[place] = queue[below]
        place = below
    queue[place] = one
