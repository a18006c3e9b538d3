"""The thread that talks to one commit group, behind a bounded queue.

A group is opened, written to, committed and closed on this one thread, in the order of `submit`.
The queue is bounded by bytes: a slow sink blocks the compute thread, which blocks the readers.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic

from tidemill.engine.groups import GroupSpec
from tidemill.engine.together import together
from tidemill.interfaces.sink import CommitGroup, SinkWriter
from tidemill.model import Batch, DeadLetter


class Aborted(Exception):  # noqa: N818 - not an error: the session is over
    """The session has failed elsewhere; stop quietly."""


class Failure:
    """The first failure of any thread of a session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.error: BaseException | None = None
        self.event = threading.Event()
        self._wake: list[Callable[[], None]] = []

    def on_set(self, wake: Callable[[], None]) -> None:
        """Also wake somebody who waits on something else."""
        self._wake.append(wake)

    def set(self, error: BaseException) -> None:
        """Report a failure; only the first counts."""
        with self._lock:
            if self.error is None and not isinstance(error, Aborted):
                self.error = error
        self.event.set()
        for wake in self._wake:
            wake()

    def check(self) -> None:
        """Raise Aborted where some thread has failed."""
        if self.event.is_set():
            raise Aborted


class GroupWorker:
    """One commit group (or none: then it only decides epochs) and its thread."""

    def __init__(self, spec: GroupSpec | None, failure: Failure, queued_bytes_max: int) -> None:
        self.spec = spec
        self.name = spec.name if spec else ""
        self.group: CommitGroup | None = None
        self.letters: list[DeadLetter] = []
        self._writers: dict[str, SinkWriter] = {}
        self._failure = failure
        self._bytes_max = queued_bytes_max
        self._tasks: deque[tuple[Callable[[], None], int]] = deque()
        self._bytes = 0
        self._joining: list[tuple[str, Batch]] | None = None
        """The rows of the task that is last in the queue, while more may join them."""
        self._busy = False
        self._stopped = False
        self.blocked_s: Callable[[float], None] = lambda _seconds: None
        """Told how long somebody waited since the queue was full."""
        self._condition = threading.Condition()
        failure.on_set(self._wake)
        self._thread = threading.Thread(
            target=self._run, name=f"tidemill-writer {self.name}", daemon=True
        )

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, task: Callable[[], None], cost_bytes: int = 0) -> None:
        """Queue a task; blocks while the queue holds too many bytes."""
        with self._condition:
            self._wait_for_room(cost_bytes)
            self._joining = None
            self._tasks.append((task, cost_bytes))
            self._bytes += cost_bytes
            self._condition.notify_all()

    def write_soon(self, table: str, batch: Batch) -> None:
        """Queue rows; what is queued while the thread is busy is written together."""
        with self._condition:
            self._wait_for_room(batch.bytes)
            if self._joining is None:
                self._joining = []
                self._tasks.append((partial(self._write_run, self._joining), 0))
            self._joining.append((table, batch))
            self._bytes += batch.bytes
            self._condition.notify_all()

    def _wait_for_room(self, cost_bytes: int) -> None:
        while self._tasks and self._bytes + cost_bytes > self._bytes_max:
            self._failure.check()
            begun = monotonic()
            self._condition.wait(0.5)
            self.blocked_s(monotonic() - begun)
        self._failure.check()

    def _write_run(self, run: list[tuple[str, Batch]]) -> None:
        with self._condition:
            if self._joining is run:
                self._joining = None
        for table, batch in together(run):
            self.write(table, batch)
        with self._condition:
            self._bytes -= sum(batch.bytes for _, batch in run)

    def write(self, table: str, batch: Batch) -> None:
        """Write to a table of the group; on the worker's own thread."""
        assert self.group is not None
        writer = self._writers.get(table)
        if writer is None:
            writer = self._writers[table] = self.group.writer(table)
        self.letters.extend(writer.write(batch))

    def take_letters(self) -> list[DeadLetter]:
        """The dead letters since the last call; on the worker's own thread."""
        letters, self.letters = self.letters, []
        return letters

    def drain(self) -> None:
        """Wait until everything queued is done."""
        with self._condition:
            while self._tasks or self._busy:
                self._failure.check()
                self._condition.wait(0.5)
        self._failure.check()

    def close(self) -> None:
        """Drop what is queued, close the group on its thread, and end the thread."""
        with self._condition:
            self._stopped = True
            self._tasks.clear()
            self._bytes = 0
            self._condition.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        elif self.group is not None:
            self.group.close()

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def _run(self) -> None:
        try:
            self._loop()
        except BaseException as error:
            self._failure.set(error)
        finally:
            with self._condition:
                self._busy = False
                self._condition.notify_all()
            while True:
                with self._condition:
                    if self._stopped:
                        break
                    self._condition.wait(0.5)
            if self.group is not None:
                self.group.close()

    def _loop(self) -> None:
        while True:
            with self._condition:
                self._busy = False
                self._condition.notify_all()
                while not self._tasks and not self._stopped and not self._failure.event.is_set():
                    self._condition.wait()
                if self._stopped or self._failure.event.is_set():
                    return
                task, cost_bytes = self._tasks.popleft()
                self._busy = True
            task()
            with self._condition:
                self._bytes -= cost_bytes
