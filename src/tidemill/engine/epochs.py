"""Committing an epoch, on the decider's own thread.

The decider is the first atomic commit group; its commit carries the epoch's number, so its output
needs no staging. Where an epoch writes nothing to it, or no group is atomic, the durable checkpoint
itself is the decision. All other groups get the epoch's output after the decision, from what the
checkpoint holds too; they have committed epoch n before epoch n+1 is decided, so after a crash at
most the last epoch must be applied again.

    prepare the decider -> checkpoint durable -> decider commits -> others prepare and commit

A group that is written at once (`CommitGroup.at_once`) has the epoch's rows already, and readers
see them. It prepares where the epoch ends, on its own thread, before anything else; then the
checkpoint is made, and its commit only notes the epoch. So all that a checkpoint counts as read has
arrived, and what came after it comes again after a crash.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import Any

import pyarrow as pa

from tidemill.engine import crash_points, letters
from tidemill.engine.checkpoint import Checkpoint, CheckpointStore
from tidemill.engine.epoch_stats import EpochStats
from tidemill.engine.worker import GroupWorker
from tidemill.interfaces.operator import StateDelta
from tidemill.interfaces.sink import NumberedGroup
from tidemill.model import Batch, DeadLetter, Position
from tidemill.model.dead_letter import dead_letter_batch
from tidemill.records import dataclass

Positions = Mapping[str, Mapping[str, Position]]


@dataclass(slots=True)
class EpochWork:
    """Everything of one epoch that the compute thread knows."""

    epoch: int
    positions: Positions
    watermarks: dict[str, dict[str, int]]
    deltas: dict[str, StateDelta]
    counters: dict[str, int]
    staged: dict[str, list[tuple[str, Batch]]]
    decider_writes: bool
    at_once: tuple[str, ...] = ()
    """The groups that were written at once."""
    letters_taken: dict[str, int] = field(default_factory=dict)
    observed: dict[str, Any] = field(default_factory=dict)
    """Where event time stands, for the watermark doctor; recovery does not read it."""
    started: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Committer:
    """Commits epochs one after the other, each on the decider's thread once it is `submit`ted."""

    job: str
    store: CheckpointStore
    decider: GroupWorker
    others: Mapping[str, GroupWorker]
    fingerprint: str
    nodes: Sequence[dict[str, Any]]
    """The nodes of the plan, as manifests name them."""
    dead_letter_table: str | None
    checkpoints_kept: int
    chains: dict[str, list[int]]
    group_epochs: dict[str, int]
    letters_taken: dict[str, int]
    committed: Callable[[EpochWork, float, int], None]
    keep_letters: Callable[[str, int, pa.Table], None]
    check_refused: Callable[[list[DeadLetter]], None]
    """Raises where a refused row must stop the pipeline."""
    stats: EpochStats
    _needed: list[int] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    """What sinks refused in this session, as counters; added to those of the compute thread."""
    _before: dict[str, int] = field(default_factory=dict)
    _open: int = 0
    _unprepared: int = 0
    _size: int = 0
    _begun: float = 0.0
    _done: threading.Condition = field(default_factory=threading.Condition)

    def submit(self, work: EpochWork) -> None:
        """Commit an epoch when the groups written at once have prepared it; from any thread.

        Called where the epoch ends, so that they prepare it before they get a row of the next one.
        """
        self._unprepared = len(work.at_once)
        if not work.at_once:
            self.decider.submit(partial(self.commit, work))
        for name in work.at_once:
            worker = self.others[name]
            worker.submit(partial(self._prepare_at_once, worker, work))

    def _prepare_at_once(self, worker: GroupWorker, work: EpochWork) -> None:
        """All of the epoch has arrived; what was refused is kept, and goes with the next one."""
        with self.stats.sink(worker.name):
            refused = prepare(worker, work.epoch, self.job, self.dead_letter_table)
        self.check_refused(refused)
        if refused:
            rows = dead_letter_batch(self.job, refused)
            letters.keep(self.store.folder, worker.name, work.epoch, rows)
            self.keep_letters(worker.name, work.epoch, pa.Table.from_batches([rows]))
        with self._done:
            self._unprepared -= 1
            last = self._unprepared == 0
        if last:
            self.decider.submit(partial(self.commit, work))

    def commit(self, work: EpochWork) -> None:
        """Commit one epoch; raises what the decider or the disk raises."""
        begun = time.monotonic()
        self.stats.begin()
        crash_points.reach("before-prepare")
        writes = self._prepare_decider(work)
        crash_points.reach("after-decider-prepare")
        self.wait_for_others()
        self.letters_taken.update(work.letters_taken)
        self._before = dict(self.group_epochs)
        for name in (*work.staged, *work.at_once):
            self.group_epochs[name] = work.epoch
        if writes:
            self.group_epochs[self.decider.name] = work.epoch
        size = self.store.write(self._checkpoint(work, writes))
        crash_points.reach("after-checkpoint-written")
        if writes:
            assert self.decider.group is not None
            with self.stats.sink(self.decider.name):
                self.decider.group.commit(work.epoch, work.positions)
        elif isinstance(self.decider.group, NumberedGroup):
            self.decider.group.expect(work.epoch + 1)
        crash_points.reach("after-decider-commit")
        self._size, self._begun = size, begun
        self._apply_to_others(work, writes)
        if not (work.staged or work.at_once):
            self._finish(work)

    # -- the decider

    def _prepare_decider(self, work: EpochWork) -> bool:
        """Push out the decider's writes; its refused rows become dead letters of this epoch."""
        if not work.decider_writes or self.decider.group is None:
            return False
        refused = prepare(self.decider, work.epoch, self.job, self.dead_letter_table)
        self.check_refused(refused)
        for letter in refused:
            for key, by in refusal(letter.table):
                self.refused[key] = self.refused.get(key, 0) + by
        table = self.dead_letter_table
        if refused and table is not None and not self._takes_letters(self.decider):
            owner = next(n for n, w in self.others.items() if self._takes_letters(w))
            batch = Batch(dead_letter_batch(self.job, refused))
            work.staged.setdefault(owner, []).append((table, batch))
        return True

    def _takes_letters(self, worker: GroupWorker) -> bool:
        return worker.spec is not None and self.dead_letter_table in worker.spec.tables

    # -- the checkpoint

    def _checkpoint(self, work: EpochWork, writes: bool) -> Checkpoint:
        checkpoint = Checkpoint(work.epoch, {})
        counters = dict(work.counters)
        for key, by in self.refused.items():
            counters[key] = counters.get(key, 0) + by
        work.counters = counters
        deltas: dict[str, Any] = {}
        for name, delta in work.deltas.items():
            tables = {n: checkpoint.add(table) for n, table in delta.tables.items()}
            deltas[name] = {"base": delta.base, "tables": tables, "meta": delta.meta}
            chain = [] if delta.base else self.chains.get(name, [])
            self.chains[name] = [*chain, work.epoch]
        staged = {
            group: [
                (table, checkpoint.add(_with_kinds(batch)), batch.kinds is not None)
                for table, batch in writes_
            ]
            for group, writes_ in work.staged.items()
        }
        checkpoint.manifest = {
            "job": self.job,
            "fingerprint": self.fingerprint,
            "nodes": self.nodes,
            "decided_by": self.decider.name if writes else None,
            "group_epochs": dict(self.group_epochs),
            "group_epochs_before": self._before,
            "letters_taken": dict(self.letters_taken),
            "positions": work.positions,
            "watermarks": work.watermarks,
            "counters": counters,
            "observed": work.observed,
            "chains": {name: list(chain) for name, chain in self.chains.items()},
            "deltas": deltas,
            "staged": staged,
        }
        return checkpoint

    # -- the others

    def _apply_to_others(self, work: EpochWork, decided_by_group: bool) -> None:
        names = sorted({*work.staged, *work.at_once})
        if names and decided_by_group:
            crash_points.reach("between-groups")
        with self._done:
            self._open = len(names)
        for name in names:
            worker, writes = self.others[name], work.staged.get(name, [])
            cost_bytes = sum(batch.bytes for _, batch in writes)
            worker.submit(lambda w=worker, o=writes: self._apply(w, work, o), cost_bytes)  # type: ignore[misc]

    def _apply(self, worker: GroupWorker, work: EpochWork, writes: list[tuple[str, Batch]]) -> None:
        assert worker.group is not None
        refused: pa.Table | None = None
        with self.stats.sink(worker.name):
            if worker.group.at_once:
                apply_at_once(worker, work.epoch, writes, work.positions)
            else:
                refused = apply_staged(
                    worker, work.epoch, writes, work.positions, self.job, self.dead_letter_table,
                    self.store, self.check_refused,
                )  # fmt: skip
        if refused is not None:
            self.keep_letters(worker.name, work.epoch, refused)
        with self._done:
            self._open -= 1
            last = self._open == 0
        if last:
            self._finish(work)
        else:
            crash_points.reach("between-groups")
        with self._done:
            self._done.notify_all()

    def wait_for_others(self) -> None:
        """Wait until every other group has committed the last epoch."""
        with self._done:
            while self._open:
                self.decider._failure.check()
                self._done.wait(0.2)

    def _finish(self, work: EpochWork) -> None:
        crash_points.reach("after-all-commits")
        oldest = min((chain[0] for chain in self.chains.values() if chain), default=work.epoch)
        self._needed = [*self._needed, min(oldest, work.epoch)][-self.checkpoints_kept :]
        self.store.remove_before(min(self._needed))
        letters.remove_before(self.store.folder, min(self.group_epochs.values(), default=0))
        took_s = time.monotonic() - self._begun
        self.stats.end(took_s)
        self.committed(work, took_s, self._size)


def refusal(table: str) -> tuple[tuple[str, int], tuple[str, int]]:
    """How the counters change when a sink refuses a row: it leaves `out` and enters `dead`."""
    return (f"sink.{table}.dead", 1), (f"sink.{table}.out", -1)


def prepare(
    worker: GroupWorker, epoch: int, job: str, dead_letter_table: str | None
) -> list[DeadLetter]:
    """Push out a group's writes; returns the rows that it refused.

    Where the group takes the dead letters, they are among its writes already. A dead letter that is
    refused itself is written again without the raw bytes, and is not returned.
    """
    assert worker.group is not None and worker.spec is not None
    takes_letters = dead_letter_table is not None and dead_letter_table in worker.spec.tables
    found: list[DeadLetter] = []
    while True:
        refused = worker.take_letters() + worker.group.prepare(epoch)
        rows = [letter for letter in refused if letter.table != dead_letter_table]
        found += rows
        again = letters.without_bytes([x for x in refused if x.table == dead_letter_table])
        if not takes_letters or not (rows or again):
            return found
        assert dead_letter_table is not None
        worker.write(dead_letter_table, Batch(dead_letter_batch(job, [*rows, *again])))


def apply_staged(
    worker: GroupWorker,
    epoch: int,
    writes: list[tuple[str, Batch]],
    positions: Positions,
    job: str,
    dead_letter_table: str | None,
    store: CheckpointStore,
    check_refused: Callable[[list[DeadLetter]], None],
) -> pa.Table | None:
    """Write, prepare and commit a decided epoch's output into a group, on its own thread.

    Returns the refused rows as dead letters, already durable; those that another group must take
    go out with the next epoch.
    """
    group = worker.group
    assert group is not None
    for table, batch in writes:
        worker.write(table, batch)
    refused = prepare(worker, epoch, job, dead_letter_table)
    check_refused(refused)
    left: pa.Table | None = None
    if refused:
        rows = dead_letter_batch(job, refused)
        left = pa.Table.from_batches([rows])
        letters.keep(store.folder, worker.name, epoch, rows)
    group.commit(epoch, positions)
    return left


def apply_at_once(
    worker: GroupWorker, epoch: int, writes: list[tuple[str, Batch]], positions: Positions
) -> None:
    """Commit a decided epoch whose rows a group has had already, on its own thread.

    `writes` are dead letters that the decider's `prepare` gave back. Rows of the next epoch may be
    on their way, and what the group refuses of them stays with the worker: the next `prepare`
    takes it.
    """
    group = worker.group
    assert group is not None
    for table, batch in writes:
        worker.write(table, batch)
    if writes:
        worker.letters.extend(group.prepare(epoch))
    group.commit(epoch, positions)


def _with_kinds(batch: Batch) -> pa.Table:
    """The rows as they are staged: with their kinds, if any, as the last column."""
    table = pa.Table.from_batches([batch.rows])
    return table if batch.kinds is None else table.append_column("kinds", batch.kinds)
