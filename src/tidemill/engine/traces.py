"""What tracing wants to know of epochs: when each began, was cut and committed, and what it read.

Nothing is kept where nobody asked. The compute thread begins and cuts, the committer's thread ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from time import time_ns

from tidemill.engine.counters import total
from tidemill.records import dataclass

LINKS_MAX = 32


@dataclass(slots=True)
class EpochTrace:
    """One epoch; moments in nanoseconds since 1970.

    `contexts` are the trace contexts of messages that it read, the newest of each read, as in their
    headers; `rows` by `in` and `out` are those of this epoch.
    """

    epoch: int
    begun_ns: int
    cut_ns: int
    contexts: tuple[bytes, ...]
    committed_ns: int = 0
    checkpoint_bytes: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)


class EpochTraces:
    """Gathers what each epoch is made of, and tells it when it is committed everywhere."""

    def __init__(self, tell: Callable[[EpochTrace], None] | None = None) -> None:
        self._tell = tell
        self._begun_ns: int | None = None
        self._contexts: dict[bytes, None] = {}
        self._open: dict[int, EpochTrace] = {}
        self._counted: dict[str, int] = {}

    def took(self, contexts: Iterable[bytes | None]) -> None:
        """The engine takes what was read."""
        if self._tell is None:
            return
        if self._begun_ns is None:
            self._begun_ns = time_ns()
        for context in contexts:
            if context is not None and len(self._contexts) < LINKS_MAX:
                self._contexts[context] = None

    def cut(self, epoch: int) -> None:
        """The epoch ends at a batch boundary."""
        if self._tell is None:
            return
        now_ns = time_ns()
        begun_ns = now_ns if self._begun_ns is None else self._begun_ns
        self._open[epoch] = EpochTrace(epoch, begun_ns, now_ns, tuple(self._contexts))
        self._begun_ns, self._contexts = None, {}

    def committed(self, epoch: int, counts: Mapping[str, int], checkpoint_bytes: int) -> None:
        """The epoch is complete everywhere; `counts` are the totals up to it."""
        found = self._open.pop(epoch, None)
        if self._tell is None or found is None:
            return
        totals = {"in": total(counts, "source.", ".rows"), "out": total(counts, "sink.", ".out")}
        found.rows = {name: n - self._counted.get(name, 0) for name, n in totals.items()}
        self._counted = totals
        found.committed_ns, found.checkpoint_bytes = time_ns(), checkpoint_bytes
        self._tell(found)

    def lost(self) -> None:
        """A session failed: what was open is done again by the next one."""
        self._open.clear()
        self._begun_ns, self._contexts = None, {}
