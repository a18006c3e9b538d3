"""What a suite found, as plain data."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from tidemill.quality.model import Expectation
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """One expectation's verdict.

    `elements` are the rows that it looked at, `unexpected` those that miss it; `observed` is the
    value of a table's expectation; `rows` are some of the unexpected rows; `exception` says why it
    could not be looked at (which is no success).
    """

    expectation: Expectation
    success: bool
    elements: int | None = None
    unexpected: int | None = None
    observed: Any = None
    rows: Sequence[Mapping[str, Any]] = ()
    exception: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and the store."""
        return {
            "type": self.expectation.type,
            "kwargs": plain(self.expectation.kwargs),
            "severity": self.expectation.severity,
            "action": self.expectation.action,
            "success": self.success,
            "element_count": self.elements,
            "unexpected_count": self.unexpected,
            "observed_value": plain(self.observed),
            "unexpected_rows": plain(self.rows),
            "exception": self.exception,
        }


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """A suite on one target; `exception` says why nothing could be looked at."""

    suite: str
    target: str
    at_ms: int
    results: tuple[ExpectationResult, ...] = ()
    row_count: int | None = None
    columns: tuple[str, ...] = ()
    exception: str | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def success(self) -> bool:
        """Whether every expectation of the severity `critical` is met."""
        return self.exception is None and all(
            r.success or r.expectation.severity != "critical" for r in self.results
        )

    @property
    def failed(self) -> tuple[ExpectationResult, ...]:
        """The expectations that are not met, of any severity."""
        return tuple(r for r in self.results if not r.success)

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and the store."""
        return {
            "suite": self.suite,
            "target": self.target,
            "at_ms": self.at_ms,
            "success": self.success,
            "row_count": self.row_count,
            "exception": self.exception,
            "results": [result.as_dict() for result in self.results],
            "notes": list(self.notes),
        }


def meets(elements: int, unexpected: int, mostly: float) -> bool:
    """Whether enough rows meet an expectation; of none, all do."""
    return elements == 0 or (elements - unexpected) / elements >= mostly


def plain(value: Any) -> Any:
    """A value as JSON takes it: what it has no form for becomes text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
