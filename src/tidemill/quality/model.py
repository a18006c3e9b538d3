"""Suites of expectations as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from tidemill.errors import TextWhere
from tidemill.records import dataclass

Severity = Literal["critical", "warning", "info"]
Action = Literal["warn", "dead-letter", "stop"]

SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
ACTIONS: tuple[Action, ...] = ("warn", "dead-letter", "stop")


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation: Great Expectations' name and kwargs, all checked when it is made.

    `severity` says what a suite's verdict makes of it, `action` what a stream does with a row that
    misses it. `meta` is carried along for Great Expectations.
    """

    type: str
    kwargs: Mapping[str, Any]
    severity: Severity = "critical"
    action: Action = "warn"
    meta: Mapping[str, Any] = field(default_factory=dict)
    where: TextWhere | None = field(default=None, compare=False)

    @property
    def label(self) -> str:
        """The expectation with its arguments, as `expect_column_to_exist(column: fare)`."""
        return f"{self.type}({', '.join(f'{k}: {_shown(v)}' for k, v in self.kwargs.items())})"

    @property
    def mostly(self) -> float:
        """Which share of the rows must meet it."""
        return float(self.kwargs.get("mostly", 1))


@dataclass(frozen=True, slots=True)
class Target:
    """What a suite looks at: a pipeline's table, a server's table, or files."""

    pipeline: str | None = None
    connection: str | None = None
    table: str | None = None
    file: str | None = None
    where: TextWhere | None = field(default=None, compare=False)

    def __str__(self) -> str:
        if self.file is not None:
            return f"file {self.file}"
        if self.pipeline is not None:
            return f"stream {self.pipeline}.{self.table}"
        return f"{self.connection} {self.table}"


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite: its name, what it looks at, and what must hold, in order."""

    name: str
    targets: tuple[Target, ...]
    expectations: tuple[Expectation, ...]
    file: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    text = f"[{text}]" if isinstance(value, list | tuple) else text
    return text if len(text) <= 80 else text[:77] + "..."
