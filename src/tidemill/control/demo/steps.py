"""A demo's steps, told as they begin and end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from tidemill.control.demo.model import Reporter, StepEvent


class Steps:
    """Tells a reporter of steps and notes."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.begun_at = time.monotonic()

    @contextlib.contextmanager
    def step(self, name: str, detail: str = "") -> Iterator[None]:
        """Report a step's begin and, if it ends well, its time."""
        begun_at = time.monotonic()
        self._reporter(StepEvent(name, detail))
        yield
        self._reporter(StepEvent(name, detail, time.monotonic() - begun_at))

    def note(self, text: str) -> None:
        """Report something that belongs to no step."""
        self._reporter(StepEvent("", text))

    @property
    def seconds(self) -> float:
        """Since the demo began."""
        return time.monotonic() - self.begun_at
