"""What a demo reports while it runs and what it gives back: plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from tidemill.control.demo.nyc_taxi.verify import Verification
from tidemill.control.up import StackEvent
from tidemill.errors import VerificationError, Where
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class StepEvent:
    """A step began (`seconds` is None), or ended after so many seconds; a note has no step."""

    step: str
    detail: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """What to run. `rows` counts the generated rows of one run; None: as many as suit the example.

    `rate` None is without a limit. `base` is where the demo's folder is made; `keep` leaves the
    servers running; `fresh` throws away what earlier runs in the folder loaded and computed;
    `options` are those that only some examples have.
    """

    example: str
    base: Path
    input: Path | None = None
    rows: int | None = None
    rate: int | None = 5_000
    keep: bool = False
    fresh: bool = False
    seed: int = 2026
    options: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """How far the rows are, a few times a second.

    `inserted` counts the rows in the table, `rows_in` those the pipeline has read, over all runs.
    """

    inserted: int
    inserted_target: int
    rows_in: int
    rows_out: int
    filtered: int
    late: int
    rejected: int
    lag: int | None
    watermark: datetime | None
    rows_per_s: float
    seconds: float


DemoEvent: TypeAlias = StepEvent | ProgressEvent | StackEvent
Reporter: TypeAlias = Callable[[DemoEvent], None]


@dataclass(frozen=True, slots=True)
class ZoneTotal:
    """One pick-up zone over all finished windows."""

    zone_id: int
    zone: str
    trips: int
    passengers: int
    revenue: Decimal
    avg_distance: float


@dataclass(frozen=True, slots=True)
class HourTotal:
    """One hour over all zones."""

    window_start: datetime
    trips: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What a demo came to. `interrupted`: it was asked to stop before its end; nothing was lost."""

    example: str
    folder: Path
    interrupted: bool
    rows_new: int
    seconds: float
    first_window_s: float | None
    rows_per_s: float
    top_zones: tuple[ZoneTotal, ...] = ()
    hours: tuple[HourTotal, ...] = ()
    verification: Verification | None = None
    kept_running: bool = False

    def as_dict(self) -> Mapping[str, Any]:
        """The result for `--json`: times in ISO 8601, money as text."""
        plain: dict[str, Any] = _plain(asdict(self))
        if self.verification is not None:
            plain["verification"]["ok"] = self.verification.ok
        return plain


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came out beside the same computed a second way: how many rows, and what differs."""

    what: str
    rows: int
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Something that a demo shows at its end: a table or a chart as plain text."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """What a demo came to, in the form that any example can fill.

    `facts` are its numbers for `--json`; `next_steps` are commands with what they do.
    """

    example: str
    folder: Path
    interrupted: bool
    seconds: float
    comparisons: tuple[Comparison, ...] = ()
    sections: tuple[Section, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    next_steps: tuple[str, ...] = ()
    kept_running: bool = False

    @property
    def ok(self) -> bool:
        """Whether everything that was compared is equal."""
        return not any(comparison.differences for comparison in self.comparisons)

    def as_dict(self) -> Mapping[str, Any]:
        """The outcome for `--json`, without the sections and the next steps."""
        plain: dict[str, Any] = _plain(asdict(self))
        del plain["sections"], plain["next_steps"]
        return {**plain, "ok": self.ok}

    def raise_if_different(self) -> None:
        """Raise VerificationError where anything differs."""
        lines = [f"{c.what}: {line}" for c in self.comparisons for line in c.differences]
        if lines:
            raise VerificationError(
                f"the results differ from the same computed another way: {lines[0]}",
                code="demo.results-differ",
                where=Where(file=str(self.folder)),
                detail="\n".join(lines),
                hint="Did you change a file of the example? Change its check too, and start again "
                "with --fresh. Otherwise this is a bug: please report it.",
            )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, (Decimal, Path)) else value
