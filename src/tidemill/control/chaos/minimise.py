"""The shortest part of a failing list that still fails: Zeller's delta debugging (ddmin)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def minimise(
    found: Sequence[_T], fails: Callable[[list[_T]], bool], tries_max: int = 64
) -> list[_T]:
    """A part of `found`, in its order, that fails and of which no piece can be taken away.

    The last item alone is tried first, as it often is the one.
    Non-guarantee: after `tries_max` tries the shortest so far is given.
    """
    now, pieces, tries = list(found), 2, 0

    def first_failing(parts: Iterable[list[_T]]) -> list[_T] | None:
        nonlocal tries
        for part in parts:
            if not 0 < len(part) < len(now) or tries >= tries_max:
                continue
            tries += 1
            if fails(part):
                return part
        return None

    alone = first_failing([now[-1:]])
    if alone is not None:
        return alone
    while len(now) > 1:
        parts = _split(now, pieces)
        part = first_failing(parts)
        if part is not None:
            now, pieces = part, 2
            continue
        rest = first_failing(_without(parts, at) for at in range(len(parts)))
        if rest is not None:
            now, pieces = rest, max(2, pieces - 1)
        elif pieces >= len(now):
            break
        else:
            pieces = min(len(now), pieces * 2)
    return now


def _split(found: list[_T], pieces: int) -> list[list[_T]]:
    size = -(-len(found) // pieces)
    return [found[at : at + size] for at in range(0, len(found), size)]


def _without(parts: list[list[_T]], at: int) -> list[_T]:
    return [item for number, part in enumerate(parts) if number != at for item in part]
