"""What survives the engine's death: logs, sinks, the folder of checkpoints, time, the network.

A seed decides everything that happens here. Each thing that can go wrong happens at an occasion
(the third read, the second commit, a crash point): `happen` counts occasions, and says which faults
the seed has put there.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import field
from typing import Any, TypeAlias

from tidemill.engine import ManualClock
from tidemill.records import dataclass

STEPS_MAX = 20_000
"""Steps of the scheduler after which a seed counts as stuck."""

Faults: TypeAlias = dict[tuple[str, int], list[str]]
"""What goes wrong, by occasion and by its how manieth time."""


class Crash(BaseException):
    """The engine's process dies here, without any clean-up."""


class Stuck(BaseException):
    """The engine makes no progress."""


@dataclass(slots=True)
class Decided:
    """What the world remembers of a checkpoint that was written."""

    decided_by: str | None
    group_epochs: dict[str, int]
    positions: dict[str, dict[str, Any]]
    watermarks: dict[str, dict[str, int]]
    counters: dict[str, int]


@dataclass
class World:
    """One seed's world."""

    seed: int
    rng: random.Random
    faults: Faults
    clock: ManualClock = field(default_factory=lambda: ManualClock(1_000_000))
    trace: list[str] = field(default_factory=list)
    anomalies: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    """How often each kind of fault has struck."""
    steps: int = 0
    process: int = 0
    """The number of the engine's process that lives, or lived last."""
    dead: bool = False
    """Whether that process has died: nothing it still does has any effect."""
    damage: str = ""
    checkpoints: dict[int, Decided] = field(default_factory=dict)
    emptied: bool = False
    """Whether the disk has lost the only checkpoint that it held."""
    written: set[int] = field(default_factory=set)
    network: list[Callable[[], None]] = field(default_factory=list)
    """Messages of dead processes that have not arrived yet."""
    reads: dict[str, list[tuple[str, int, int]]] = field(default_factory=lambda: defaultdict(list))
    """What each table's reader has read, in order: partition, from, to; less what a crash undid."""
    stop: Callable[[], None] = lambda: None
    """Asks the living engine for an orderly end."""
    on_death: list[Callable[[], None]] = field(default_factory=list)
    _occasions: Counter[str] = field(default_factory=Counter)

    def note(self, what: str) -> None:
        """A line of the trace."""
        self.trace.append(f"{self.steps:>5} {self.clock.now_ms() - 1_000_000:>6} ms  {what}")

    def anomaly(self, what: str) -> None:
        """An invariant does not hold."""
        self.anomalies.append(what)
        self.note(f"ANOMALY: {what}")

    def happen(self, occasion: str) -> list[str]:
        """The faults that strike at this occasion, this time."""
        self._occasions[occasion] += 1
        found = self.faults.get((occasion, self._occasions[occasion]), [])
        for fault in found:
            self.happened[_named(occasion, fault)] += 1
            self.note(f"fault at {occasion} {self._occasions[occasion]}: {fault}")
        return found

    def die(self, damage: str = "") -> Crash:
        """The engine's process ends; returns what to raise.

        `damage` says what the disk does to the newest checkpoint then: lost, torn, damaged.
        """
        if not self.dead:
            self.dead, self.damage = True, damage
            self.note("the engine dies")
            for action in self.on_death:
                action()
        return Crash()

    def step(self) -> None:
        """Time goes on a little."""
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise Stuck
        self.clock.advance(self.rng.choice((0, 0, 1, 1, 2, 5)))
        if self.network and self.rng.random() < 0.1:
            self.network.pop(self.rng.randrange(len(self.network)))()

    def lives(self, process: int) -> bool:
        """Whether a process is the one that lives."""
        return process == self.process and not self.dead


def _named(occasion: str, fault: str) -> str:
    """The kind of a fault, as the table of a campaign has it."""
    if not fault.startswith("dies"):
        return f"{occasion}: {fault}"
    place = occasion.removeprefix("point ")
    return f"the engine dies {'between turns' if place == 'step' else f'at {place}'}"
