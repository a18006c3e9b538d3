"""Many seeds, in one process or several, and what they come to."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import field
from typing import Any

from tidemill.records import dataclass
from tidemill.testing.simulation.run import SEEDS_AN_INPUT, Outcome, folder, run_seed

_SHOWN_MAX = 20


@dataclass
class Tally:
    """The sum of many seeds. `seconds` is the time of the wall, also over several processes."""

    seeds: int = 0
    seconds: float = 0.0
    scenarios: Counter[str] = field(default_factory=Counter)
    lives: Counter[str] = field(default_factory=Counter)
    epochs: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)
    """The first seeds with anomalies."""

    def add(self, outcome: Outcome) -> None:
        """Count a seed."""
        self.seeds += 1
        self.scenarios[outcome.scenario] += 1
        self.lives[outcome.scenario] += outcome.lives
        self.epochs[outcome.scenario] += outcome.epochs
        self.faults.update(outcome.happened)
        if outcome.anomalies:
            self.wrong[outcome.scenario] += 1
            self.failed.append(outcome)

    def merge(self, other: Tally) -> None:
        """Add another sum."""
        self.seeds += other.seeds
        for name in ("scenarios", "lives", "epochs", "faults", "wrong"):
            getattr(self, name).update(getattr(other, name))
        self.failed = sorted([*self.failed, *other.failed], key=lambda o: o.seed)[:_SHOWN_MAX]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "seeds": self.seeds,
            "anomalies": self.wrong.total(),
            "seconds": round(self.seconds, 1),
            "scenarios": {
                name: {
                    "seeds": count,
                    "lives": self.lives[name],
                    "epochs": self.epochs[name],
                    "anomalies": self.wrong[name],
                }
                for name, count in sorted(self.scenarios.items())
            },
            "faults": dict(sorted(self.faults.items())),
            "failed": [
                {"seed": o.seed, "scenario": o.scenario, "anomalies": list(o.anomalies)}
                for o in self.failed
            ],
        }


@contextmanager
def quiet() -> Iterator[None]:
    """The engine's warnings of failures that are made on purpose are not shown."""
    log = logging.getLogger("tidemill.engine")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@contextmanager
def _without_collections() -> Iterator[None]:
    """What a seed leaves behind is collected at the end of the range, not again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
        gc.collect()


def run_range(first: int, seeds: int) -> Tally:
    """Run seeds one after the other in this process."""
    tally = Tally()
    with quiet(), folder() as work, _without_collections():
        for seed in range(first, first + seeds):
            tally.add(run_seed(seed, work))
    return tally


def run_campaign(
    first: int, seeds: int, jobs: int = 1, tell: Callable[[Tally], None] = lambda _tally: None
) -> Tally:
    """Run `seeds` seeds from `first` on; `tell` is told of the sum now and then."""
    begun, total = time.monotonic(), Tally()
    parts = list(_parts(first, seeds))
    for part in _results(parts, jobs):
        total.merge(part)
        total.seconds = time.monotonic() - begun
        tell(total)
    return total


def _parts(first: int, seeds: int) -> Iterator[tuple[int, int]]:
    """The range, cut where the input changes."""
    end = first + seeds
    while first < end:
        stop = min(end, (first // SEEDS_AN_INPUT + 1) * SEEDS_AN_INPUT)
        yield first, stop - first
        first = stop


def _results(parts: list[tuple[int, int]], jobs: int) -> Iterator[Tally]:
    if jobs <= 1 or len(parts) <= 1:
        for first, seeds in parts:
            yield run_range(first, seeds)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield from pool.map(run_range, *zip(*parts, strict=True))
