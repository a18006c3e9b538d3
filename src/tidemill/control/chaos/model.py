"""What a chaos run is asked and what it gives back: plain data, stored and shown as it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, field
from pathlib import Path
from typing import Any, TypeAlias

from tidemill.control.up import StackEvent
from tidemill.records import dataclass

INVARIANTS: Mapping[str, str] = {
    "no-loss": "every acknowledged input row is in the output, or a dead letter",
    "no-duplicate": "no input row is twice in the output, or twice among the dead letters",
    "order": "rows of an input partition keep their order; positions never go back",
    "equal-to-batch": "each window equals the same aggregate by DuckDB over the same input",
    "progress": "after the last fault is over, epochs are committed again in time",
    "conservation": "every row that came in is counted once where it went",
    "equal-to-source": "with change capture: copies and sums are those of the captured table",
    "reconciled": "each sink holds what the pipeline's rows come to, computed anew",
    "loud": "what must be refused is refused, with the right error",
}
"""What must hold, by name. The deterministic simulation uses the same names."""


RECOVER_WITHIN_S = 120.0
"""How long it may take, at most, until epochs are committed again."""


@dataclass(frozen=True, slots=True)
class Step:
    """One fault with its arguments: injected after `wait_s`, held for `hold_s`, then healed."""

    fault: str
    wait_s: float
    hold_s: float
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """One line of a schedule: a fault, alone or with a second one while it is held or healed."""

    first: Step
    second: Step | None = None

    @property
    def name(self) -> str:
        """The fault's name, or both."""
        return self.first.fault + (f" + {self.second.fault}" if self.second is not None else "")


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that did not hold."""

    invariant: str
    found: str


@dataclass(frozen=True, slots=True)
class Done:
    """An action that was taken: when, until when, and how long it took to commit again.

    Times are in seconds since the trial began; `kills` counts the processes that it killed.
    """

    number: int
    line: str
    fault: str
    second: str | None
    begun_s: float
    healed_s: float
    recovery_s: float | None
    kills: int
    notes: tuple[str, ...] = ()
    broken: tuple[Broken, ...] = ()


@dataclass(frozen=True, slots=True)
class FaultTotal:
    """A line of the final table."""

    fault: str
    times: int
    doubled: int
    kills: int
    recovery_p50_s: float | None
    recovery_p99_s: float | None
    broken: int


@dataclass(frozen=True, slots=True)
class ChaosRequest:
    """What to do.

    `pipeline` None is the one that is built in under the name `built_in`. The run ends after
    `minutes`, or when `kills` processes were killed. `faults` empty: all that
    this machine and this pipeline allow. `double` draws a second fault for every other action.
    `schedule`: these lines and no others; `schedule_file`: where they stood, for the command that
    does the same again. `engine` is the command that the engine is started with;
    tests give one that is broken.
    """

    pipeline: str | None = None
    project: Path | None = None
    seed: int = 1
    minutes: float = 5.0
    kills: int | None = None
    faults: tuple[str, ...] = ()
    double: bool = False
    rate: int = 1_000
    schedule: tuple[Action, ...] = ()
    minimise: bool = True
    keep: bool = False
    engine: tuple[str, ...] = ()
    recover_within_s: float = RECOVER_WITHIN_S
    built_in: str = "windows"
    schedule_file: Path | None = None

    @property
    def kind(self) -> str:
        """Which kind of pipeline it is: a built-in one, or one of the project."""
        return self.built_in if self.pipeline is None else "project"


@dataclass(frozen=True, slots=True)
class ChaosResult:
    """What a run came to; `shortest` is the schedule that still breaks an invariant."""

    id: str
    pipeline: str
    seed: int
    command: str
    begun_at_ms: int
    seconds: float
    interrupted: bool
    rows: int
    rows_out: int
    windows: int
    dead_letters: int
    kills: int
    engine_starts: int
    engine_ends: Mapping[str, int]
    recovery_p50_s: float | None
    recovery_p99_s: float | None
    totals: tuple[FaultTotal, ...]
    actions: tuple[Done, ...]
    broken: tuple[Broken, ...]
    left_out: Mapping[str, str]
    shortest: tuple[str, ...] = ()
    folder: str | None = None

    @property
    def holds(self) -> bool:
        """Whether every invariant held."""
        return not self.broken

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and for the file that is kept."""
        return {"version": 1, "holds": self.holds, **asdict(self)}


@dataclass(frozen=True, slots=True)
class ChaosEvent:
    """Something to show while a run goes on: a note, or an action that was taken.

    `rows` counts what stands in the input; `seconds` is since the run began.
    """

    text: str
    seconds: float
    rows: int = 0
    kills: int = 0
    done: Done | None = None


Report: TypeAlias = Callable[[ChaosEvent | StackEvent], None]


def percentile(values: list[float], share: float) -> float | None:
    """The smallest value that at least this share of them does not exceed; None without any."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(len(values) * share) - 1)], 3)


def totals(actions: list[Done]) -> tuple[FaultTotal, ...]:
    """The final table: a line for each first fault."""
    lines = []
    for fault in dict.fromkeys(done.fault for done in actions):
        mine = [done for done in actions if done.fault == fault]
        took = [done.recovery_s for done in mine if done.recovery_s is not None]
        lines.append(
            FaultTotal(
                fault,
                len(mine),
                sum(done.second is not None for done in mine),
                sum(done.kills for done in mine),
                percentile(took, 0.5),
                percentile(took, 0.99),
                sum(bool(done.broken) for done in mine),
            )
        )
    return tuple(lines)
