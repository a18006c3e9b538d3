"""Who talks to the commit groups of one session, and which of them decides its epochs.

The decider is the first group that is atomic; where none is, a worker without a group, whose
decision is the durable checkpoint alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tidemill.engine.job import Job
from tidemill.engine.recovery import Held
from tidemill.engine.worker import Failure, GroupWorker


class GroupWorkers:
    """One worker for each commit group, by name; compute thread only."""

    def __init__(self, job: Job, failure: Failure) -> None:
        self.by_name = {
            spec.name: job.crew.worker(spec, failure, job.settings) for spec in job.groups
        }
        for worker in self.by_name.values():
            worker.blocked_s = _blocked(job, worker.name)
        self.decider = job.crew.worker(None, failure, job.settings)
        self._held: dict[str, Held] = {}

    @property
    def others(self) -> Mapping[str, GroupWorker]:
        """All but the decider, by name."""
        return {name: w for name, w in self.by_name.items() if w is not self.decider}

    def start(self) -> None:
        """Begin to open each group, on its own thread."""
        for worker in self.by_name.values():
            worker.start()
            worker.submit(lambda w=worker: self._open(w))  # type: ignore[misc]

    def opened(self) -> Mapping[str, Held]:
        """Wait until all are open: what each holds. From here on it is known who decides."""
        for worker in self.by_name.values():
            worker.drain()
        for worker in self.by_name.values():
            if worker.group is not None and worker.group.atomic:
                self.decider = worker
                return self._held
        self.decider.start()
        return self._held

    def _open(self, worker: GroupWorker) -> None:
        assert worker.spec is not None
        worker.group = worker.spec.factory()
        epoch = worker.group.open()
        self._held[worker.name] = Held(epoch, worker.group.atomic)

    def drain(self) -> None:
        """Wait until everything that was given to any of them is done."""
        for worker in self._all():
            worker.drain()

    def close(self) -> None:
        """Drop what is queued, and close all groups."""
        for worker in self._all():
            worker.close()

    def _all(self) -> list[GroupWorker]:
        workers = list(self.by_name.values())
        return workers if self.decider in workers else [*workers, self.decider]


def _blocked(job: Job, group: str) -> Callable[[float], None]:
    def add(seconds: float) -> None:
        job.times.writer_blocked_s[group] += seconds

    return add
