"""The scheduler in place of the engine's threads: one thing at a time, as the seed says.

Readers, the writers of the commit groups and the compute loop take turns where the engine would
wait, where it hands work over, and at crash points in the middle of a commit, when the compute
loop may go on with the next epoch as it would beside it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from tidemill.engine.checkpoint import CheckpointStore
from tidemill.engine.groups import GroupSpec
from tidemill.engine.reader import Inbox, Reader
from tidemill.engine.session import Session
from tidemill.engine.settings import EngineSettings
from tidemill.engine.worker import Aborted, Failure, GroupWorker
from tidemill.interfaces.source import Source
from tidemill.model import Position
from tidemill.testing.simulation.disk import SimulatedDisk
from tidemill.testing.simulation.world import World

_AT_ONCE = (1, 1, 2, 3)
_GOES_ON = 0.3
"""How often the compute loop goes on while an epoch is being committed."""


class SimulatedWorker(GroupWorker):
    """Does its tasks when the scheduler says so."""

    def __init__(
        self, crew: SimulatedCrew, spec: GroupSpec | None, failure: Failure, bytes_max: int
    ) -> None:
        super().__init__(spec, failure, bytes_max)
        self._crew = crew

    @property
    def ready(self) -> bool:
        """Whether there is something to do."""
        return bool(self._tasks) and not (self._busy or self._stopped)

    @property
    def stopped(self) -> bool:
        """Whether the session has ended."""
        return self._stopped or self._failure.event.is_set()

    def start(self) -> None:
        """No thread."""

    def submit(self, task: Callable[[], None], cost_bytes: int = 0) -> None:
        """Queue a task."""
        self._failure.check()
        self._joining = None
        self._tasks.append((task, cost_bytes))

    def work(self) -> None:
        """Do the next task."""
        task, _ = self._tasks.popleft()
        self._busy = True
        try:
            task()
        except BaseException as error:
            self._failure.set(error)
        finally:
            self._busy = False

    def drain(self) -> None:
        """Do all tasks."""
        while self._tasks:
            self._failure.check()
            self.work()
        self._failure.check()


class SimulatedReader(Reader):
    """Reads when the scheduler says so."""

    _source: Source | None = None
    _ended = False

    @property
    def ready(self) -> bool:
        """Whether there is something to read, and room for it."""
        return not self._ended and not self.stopped and self._inbox.has_room(self.name)

    @property
    def stopped(self) -> bool:
        """Whether the session has ended."""
        return self._stop.is_set() or self._failure.event.is_set()

    def start(self) -> None:
        """No thread."""

    def work(self) -> None:
        """Open the source, or read once."""
        try:
            if self._source is None:
                self._source = self._factory()
                self.begin(self._source)
            elif not self.step(self._source):
                self._ended = True
        except BaseException as error:
            self._failure.set(error)

    def join(self) -> None:
        """Close the source."""
        if self._source is not None:
            self._source.close()


class SimulatedCrew:
    """Decides who works next."""

    def __init__(self, world: World, folder: Path, watch: Callable[[Session], None]) -> None:
        """`watch` is called between turns with the session that runs."""
        self._world = world
        self._watch = watch
        self._workers: list[SimulatedWorker | SimulatedReader] = []
        self._between_turns = False
        self.disk = SimulatedDisk(world, folder)
        self.session: Callable[[], Session | None] = lambda: None

    def store(self, folder: Path, durable: bool) -> CheckpointStore:
        """The world's disk."""
        return self.disk

    def worker(
        self, spec: GroupSpec | None, failure: Failure, settings: EngineSettings
    ) -> GroupWorker:
        """A worker without a thread."""
        made = SimulatedWorker(self, spec, failure, settings.queued_bytes_max)
        self._workers.append(made)
        return made

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
        """A reader without a thread."""
        made = SimulatedReader(name, factory, start, inbox, settings, failure, until_caught_up)
        self._workers.append(made)
        return made

    def between_turns(self, wished_s: float) -> float:
        """Others work; then the compute loop has its turn."""
        session = self.session()
        if session is not None:
            self._watch(session)
        self._between_turns = True
        try:
            self._let_others_work(wished_s)
        finally:
            self._between_turns = False
        return 0.0

    def wait(self, event: threading.Event, timeout_s: float) -> None:
        """Others work."""
        if not event.is_set():
            self._let_others_work(timeout_s)

    def _let_others_work(self, wished_s: float) -> None:
        world = self._world
        world.step()
        for fault in world.happen("step"):
            self._strike(fault)
        for _ in range(world.rng.choice(_AT_ONCE)):
            self._workers = [w for w in self._workers if not w.stopped]
            ready = [w for w in self._workers if w.ready]
            if not ready:
                world.clock.advance(max(1, math.ceil(wished_s * 1000)))
                return
            world.rng.choice(ready).work()

    def _strike(self, fault: str) -> None:
        world = self._world
        if fault == "stop":
            world.stop()
        elif fault == "clock jumps":
            world.clock.advance(world.rng.choice((50, 1_000, 60_000)))
        else:
            raise world.die(fault.removeprefix("dies").strip(", "))

    def at_point(self, point: str) -> None:
        """The engine is at a crash point: it may die, or the loop may go on beside the commit."""
        world = self._world
        if world.dead:
            raise world.die()
        for fault in world.happen(f"point {point}"):
            raise world.die(fault.removeprefix("dies").strip(", "))
        session = self.session()
        if session is None or not self._between_turns or world.rng.random() > _GOES_ON:
            return
        self._between_turns = False
        try:
            readers = [w for w in self._workers if isinstance(w, SimulatedReader) and w.ready]
            if readers:
                world.rng.choice(readers).work()
            session.turn(0)
        except Aborted:
            raise
        except BaseException as error:
            session.failure.set(error)
            raise Aborted from None
        finally:
            self._between_turns = True
