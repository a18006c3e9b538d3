"""What faults act on: the servers, the engine's process and the feed of one trial."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Protocol

from tidemill.control.chaos.change_capture.capture import Capture
from tidemill.control.chaos.engine_process import EngineProcess
from tidemill.control.chaos.model import Broken
from tidemill.control.chaos.servers import ChaosServers
from tidemill.records import dataclass

_POLL_S = 0.05


class Feed(Protocol):
    """Feeds the pipeline's input from a thread of its own, from `start` to `stop`."""

    @property
    def rows(self) -> int:
        """How many records stand in the input."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """Feed what closes windows, and wait until all stands."""
        ...

    def close(self) -> None:
        """End at once."""
        ...

    def turn(self, mode: str, records: int) -> bool:
        """The next so many records come otherwise (`duplicates`, ...); False: it cannot."""
        ...


class Check(Protocol):
    """Asks whether what must hold holds."""

    @property
    def facts(self) -> dict[str, int]:
        """What was seen: `rows_out`, `windows`, `dead_letters`; `empty`: messages without a row."""
        ...

    def now(self) -> list[Broken]:
        """What does not hold at this moment, the feed going on."""
        ...

    def end(self) -> list[Broken]:
        """What does not hold at the end; waits until the pipeline is through."""
        ...

    def read_input(self) -> None:
        """Keep the input up to now, as somebody is about to take it away."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


@dataclass
class Scene:
    """One trial's parts; `notes` are of the action that is being taken."""

    folder: Path
    pipeline: str
    topics: tuple[str, ...]
    servers: ChaosServers
    engine: EngineProcess
    feed: Feed
    check: Check
    sink_table: str = ""
    """A table in Postgres that the built-in pipeline writes."""
    capture: Capture | None = None
    """The change data capture in front of the pipeline, where there is one."""
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What should have been refused and was not, in sentences."""

    def refused(self, what: str, code: str) -> None:
        """The engine ended by itself over `what`; with another code than this, that is wrong."""
        said = self.engine.last_code()
        self.engine.ends[said] += 1
        if said != code:
            self.wrong.append(f"{what} gave {said}, not {code}")

    def must_end(
        self, within_s: float, what: str, code: str, meanwhile: Callable[[], None] | None = None
    ) -> bool:
        """An engine that can keep nothing ends by itself, over `what` and with this code.

        False where it did not, and kept nothing either, as it waits for a server that another fault
        keeps away, or that it cannot connect to: take the fault back, and it must go on. One that
        keeps epochs nevertheless is wrong, and is killed.

        Args:
            within_s: how long it may take; epochs of the first half may have been on their way.
            what: for the message.
            code: the error code that it must end with.
            meanwhile: done again and again.
        """
        begun_at, kept = time.monotonic(), 0
        while not self.engine.wait_gone(_POLL_S) and time.monotonic() - begun_at < within_s:
            if meanwhile is not None:
                meanwhile()
            if time.monotonic() - begun_at < within_s / 2:
                kept = self.engine.newest()
        if not self.engine.alive:
            self.refused(what, code)
        elif self.engine.newest() > kept:
            self.wrong.append(f"the engine went on over {what}")
            self.engine.kill()
        else:
            self.notes.append(f"it waited over {what}")
            return False
        return True

    @property
    def captured(self) -> Capture:
        """The capture, for faults that need one."""
        assert self.capture is not None
        return self.capture

    def tend(self) -> None:
        """Start what has ended, as an init system and a person would."""
        self.engine.tend()
        self.servers.tend()
        if self.capture is not None:
            self.capture.tend()

    @property
    def kills(self) -> int:
        """How many processes were killed so far."""
        return self.engine.kills + self.servers.kills

    @property
    def ends(self) -> Counter[str]:
        """By error code, how often the engine ended by itself."""
        return self.engine.ends
