"""Who does an engine's work beside the compute thread: threads, or whoever a simulation sends.

Everything that waits, or runs beside the loop of a session, is made here. `Threads` is what runs
in production; the simulation of `tidemill.testing` puts a scheduler in its place, which decides
by a seed what runs next, and everything else of the engine stays as it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from tidemill.engine.checkpoint import CheckpointStore
from tidemill.engine.groups import GroupSpec
from tidemill.engine.reader import Inbox, Reader
from tidemill.engine.settings import EngineSettings
from tidemill.engine.worker import Failure, GroupWorker
from tidemill.interfaces.source import Source
from tidemill.model import Position


class Crew(Protocol):
    """Makes the workers of a session, and waits."""

    def store(self, folder: Path, durable: bool) -> CheckpointStore:
        """The checkpoints of a job."""
        ...

    def worker(
        self, spec: GroupSpec | None, failure: Failure, settings: EngineSettings
    ) -> GroupWorker:
        """Who talks to one commit group (None: who only decides epochs)."""
        ...

    def reader(
        self,
        name: str,
        factory: Callable[[], Source],
        start: Mapping[str, Position],
        inbox: Inbox,
        settings: EngineSettings,
        failure: Failure,
        until_caught_up: bool,
    ) -> Reader:
        """Who reads one source."""
        ...

    def between_turns(self, wished_s: float) -> float:
        """The loop has nothing to do for so long; how long it shall wait for input itself."""
        ...

    def wait(self, event: threading.Event, timeout_s: float) -> None:
        """Wait for the event, at most so long; others go on meanwhile."""
        ...


class Threads:
    """A thread for each, and waits that pass."""

    def store(self, folder: Path, durable: bool) -> CheckpointStore:
        """The folder's files."""
        return CheckpointStore(folder, durable)

    def worker(
        self, spec: GroupSpec | None, failure: Failure, settings: EngineSettings
    ) -> GroupWorker:
        """A thread of its own."""
        return GroupWorker(spec, failure, settings.queued_bytes_max)

    def reader(
        self,
        name: str,
        factory: Callable[[], Source],
        start: Mapping[str, Position],
        inbox: Inbox,
        settings: EngineSettings,
        failure: Failure,
        until_caught_up: bool,
    ) -> Reader:
        """A thread of its own."""
        return Reader(name, factory, start, inbox, settings, failure, until_caught_up)

    def between_turns(self, wished_s: float) -> float:
        """The inbox itself waits, and wakes when rows come."""
        return wished_s

    def wait(self, event: threading.Event, timeout_s: float) -> None:
        """As it says."""
        event.wait(timeout_s)
