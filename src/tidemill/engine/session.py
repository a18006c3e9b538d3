"""One life of the engine, from recovery to the next failure or the end: the loop.

    reader threads --inbox--> compute thread --queue--> writer thread of each commit group

The compute thread takes what the readers have, pushes it through the graph, and now and then cuts
an epoch at a batch boundary. One epoch at most is being committed while the next one is computed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Literal, TypeVar

from tidemill.engine.accounting import account_nodes, check_account
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.engine.counters import Counters
from tidemill.engine.epochs import Committer, EpochWork, apply_staged
from tidemill.engine.given_back import GivenBack, use_returnable_pool
from tidemill.engine.graph import Graph
from tidemill.engine.group_workers import GroupWorkers
from tidemill.engine.grown_input import closed_sources, input_has_grown
from tidemill.engine.intake import Intake
from tidemill.engine.job import Job
from tidemill.engine.kernel import Kernel
from tidemill.engine.manifest_nodes import manifest_nodes
from tidemill.engine.observe import observe
from tidemill.engine.on_the_way import OnTheWay
from tidemill.engine.reader import Delivery, Inbox, Reader
from tidemill.engine.recovery import Held, Recovered, recover
from tidemill.engine.returned_letters import ReturnedLetters
from tidemill.engine.routing import Router
from tidemill.engine.settings import state_memory_bytes
from tidemill.engine.state.memory import StateMemory
from tidemill.engine.values_source import ValuesSource
from tidemill.engine.watermarks import SourceWatermarks
from tidemill.engine.worker import Failure, GroupWorker
from tidemill.errors import EngineError
from tidemill.interfaces.source import Source
from tidemill.model import Batch, Position
from tidemill.plan.windows import MAX_WATERMARK_US

Until = Literal["forever", "finished", "caught-up"]
_T = TypeVar("_T")


class Session:
    """One life; `run` once, then `close`. Compute thread = the caller's."""

    def __init__(self, job: Job, store: CheckpointStore) -> None:
        self.job = job
        self.store = store
        self.failure = Failure()
        self.counters = Counters()
        self.epoch = 0
        self.commit_ms = 0.0
        self.checkpoint_bytes = 0
        self.lost = False
        """Set when the session failed: what it had computed since its last commit is undone."""
        self.committed_counts: dict[str, int] = {}
        self.committed_any = False
        self._groups = GroupWorkers(job, self.failure)
        self._way = OnTheWay()
        self._readers: dict[str, Reader] = {}
        self._positions: dict[str, dict[str, Position]] = {}
        self._in_flight = threading.Event()
        self._dirty = False
        self._cut_ms = 0.0
        self._calm = True
        self._account_nodes = account_nodes(job.plan)
        self._nodes = manifest_nodes(job.plan)

    # -- life

    def run(self, until: Until) -> None:
        """Recover, then work until the end, a stop, or a failure (raised)."""
        self.begin()
        self._start_readers(until)
        self._loop(until)
        self.finish()

    def begin(self) -> None:
        """Recover: everything stands as the last decided epoch left it."""
        use_returnable_pool()
        self._groups.start()
        self._open_kernel()
        recovered = self._recover(self._groups.opened())
        self._build(recovered)
        self._reapply(recovered)

    def close(self) -> None:
        """End all threads and close sources and groups; open epochs are aborted."""
        if not self.failure.event.is_set():
            self.failure.event.set()
        if hasattr(self, "inbox"):
            self.inbox.close()
        if hasattr(self, "graph"):
            self.graph.close()
        for reader in self._readers.values():
            reader.stop()
        self._groups.close()
        for reader in self._readers.values():
            reader.join()
        if self.job.kernel is not None:
            self.job.kernel.release()
        elif hasattr(self, "_kernel"):
            self._kernel.close()

    @property
    def positions(self) -> Mapping[str, Mapping[str, Position]]:
        """Where each source goes on, by table and partition."""
        return self._positions

    @property
    def lags(self) -> Mapping[str, Mapping[str, int]]:
        """Records known to wait, by table and partition; from any thread."""
        return self._by_table(Inbox.lags)

    @property
    def in_hand(self) -> Mapping[str, int]:
        """Records of each table that are being worked through; from any thread."""
        return self._by_table(Inbox.in_hand)

    def _by_table(self, ask: Callable[[Inbox], Mapping[str, _T]]) -> dict[str, _T]:
        """What the inbox says of each source, where it says something."""
        if not hasattr(self, "inbox"):
            return {}
        tables = {stage.id: stage.table.name for stage in self.job.plan.sources}
        return {tables[source]: said for source, said in ask(self.inbox).items() if said}

    def touch(self) -> None:
        """Something has changed that the next epoch must keep."""
        self._dirty = True

    def counts(self) -> dict[str, int]:
        """The row accounting now, or, after a failure, of what was committed; from any thread."""
        committer = getattr(self, "_committer", None)
        if self.lost or committer is None:
            return dict(self.committed_counts)
        counts = self.counters.copy()
        for key, by in list(committer.refused.items()):
            counts[key] = counts.get(key, 0) + by
        return counts

    # -- start

    def _open_kernel(self) -> None:
        """Of use before the first row, so while the groups wait for their servers."""
        job = self.job
        self._kernel = job.kernel or Kernel(job.settings.threads)
        self._kernel.memory = StateMemory(
            state_memory_bytes(job.plan.settings), job.checkpoint_dir / "spill"
        )
        if job.kernel is None:
            self._kernel.warm()

    def _recover(self, held: Mapping[str, Held]) -> Recovered:
        return recover(self.store, held, self.job.plan.fingerprint, self._nodes)

    def _build(self, recovered: Recovered) -> None:
        job, manifest = self.job, {}
        if recovered.checkpoint is not None:
            manifest = recovered.checkpoint.manifest
            self.epoch = recovered.checkpoint.epoch
        self._next_epoch = recovered.next_epoch
        self.counters = Counters(manifest.get("counters"))
        self.committed_counts = self.counters.copy()
        self._positions = {t: dict(p) for t, p in manifest.get("positions", {}).items()}
        self._tables = tables = {stage.id: stage.table.name for stage in job.plan.sources}
        self.inbox = Inbox(
            [*tables], job.settings, self.failure,
            lambda source, seconds: self._reader_blocked(tables[source], seconds),
        )  # fmt: skip
        self._cut_ms = job.clock.monotonic_ms()
        self.router = Router(
            job.name, self._groups.by_name, self._groups.decider, job.dead_letter_table,
            job.late_tables, job.collect, self.counters,
        )  # fmt: skip
        self.graph = Graph(
            job.plan, self._kernel, self.counters, self.router.write, self.router.report,
            self.router.write_late, job.settings.deltas_max, job.clock,
            job.lookups, job.samples, job.times,
        )  # fmt: skip
        self._letters = ReturnedLetters(
            job, self._groups.by_name, self.graph, self.router, self.counters
        )
        watermarks: dict[str, dict[str, int]] = manifest.get("watermarks", {})
        for stage in job.plan.sources:
            marks = SourceWatermarks(job.clock, stage.idle_timeout_ms)
            marks.restore(watermarks.get(stage.table.name, {}))
            schema = job.plan.schemas[stage.id]
            self.graph.intakes[stage.id] = Intake(
                stage, schema, self._kernel, marks, self.counters, self.router.report
            )
        self.graph.restore(recovered.deltas, watermarks.get("", {}))
        self._closed = closed_sources(self.graph)
        self._committer = Committer(
            job=job.name,
            store=self.store,
            decider=self._groups.decider,
            others=self._groups.others,
            fingerprint=job.plan.fingerprint,
            nodes=self._nodes,
            dead_letter_table=job.dead_letter_table,
            checkpoints_kept=job.settings.checkpoints_kept,
            chains=recovered.chains,
            group_epochs=recovered.group_epochs,
            letters_taken=dict(manifest.get("letters_taken", {})),
            committed=self._committed,
            keep_letters=self._letters.keep,
            check_refused=self._letters.check,
            stats=job.epochs,
        )

    def _reapply(self, recovered: Recovered) -> None:
        """Give the last decided epoch to the groups that do not have it yet."""
        for name, epoch, table in recovered.letters:
            self._letters.keep(name, epoch, table)
        for name, writes in recovered.reapply.items():
            worker = self._groups.by_name[name]

            def apply(
                worker: GroupWorker = worker, writes: list[tuple[str, Batch]] = writes
            ) -> None:
                refused = apply_staged(
                    worker, self.epoch, writes, self._positions, self.job.name,
                    self.job.dead_letter_table, self.store, self._letters.check,
                )  # fmt: skip
                if refused is not None:
                    self._letters.keep(worker.name, self.epoch, refused)

            worker.submit(apply)
            worker.drain()

    def _start_readers(self, until: Until) -> None:
        job = self.job
        for stage in job.plan.sources:
            name = stage.table.name
            factory: Callable[[], Source]
            if stage.values is not None:
                factory = partial(ValuesSource, stage.values)
            elif name in job.sources:
                factory = job.sources[name]
            else:
                raise EngineError(
                    f"no source was given for table `{name}`", code="engine.unknown-source"
                )
            start = self._positions.get(name, {})
            self._readers[stage.id] = job.crew.reader(
                stage.id, factory, start, self.inbox, job.settings, self.failure,
                until == "caught-up",
            )  # fmt: skip
        for reader in self._readers.values():
            reader.start()

    # -- the loop

    def _loop(self, until: Until) -> None:
        memory = GivenBack(self.job.clock)
        while not self.job.stopping.is_set():
            states = self.turn(self.job.crew.between_turns(self._wait_s()))
            if self.graph.full or self._at_end(until, states.values()):
                return
            if self._epoch_due():
                self.cut()
            memory.when_due()

    def turn(self, wait_s: float) -> Mapping[str, Delivery]:
        """Take what waits (for at most `wait_s`), and let time go on; what every source knows."""
        delivery = self.inbox.take(wait_s)
        if delivery is not None:
            self._take(delivery)
            self.inbox.worked_through(delivery.source)
        states = self.inbox.states()
        self._tick(states)
        self.graph.advance()
        return states

    def _wait_s(self) -> float:
        if not self._dirty and not self.router.wrote:
            return 0.02
        due = self._cut_ms + self._due_after_ms() - self.job.clock.monotonic_ms()
        return min(0.02, max(0.0005, due / 1000))

    def _take(self, delivery: Delivery) -> None:
        intake = self.graph.intakes[delivery.source]
        intake.watermarks.know(delivery.partitions)
        if delivery.blocked:
            intake.watermarks.touch()
        name = intake.stage.table.name
        batch = intake.take(delivery.slices)
        positions = self._positions.setdefault(name, {})
        for piece in delivery.slices:
            positions[piece.partition] = piece.position
            self._way.came(name, piece.ingested_at_ms)
        self.job.traces.took(piece.trace for piece in delivery.slices)
        self._dirty = True
        rows = sum(piece.rows.num_rows for piece in delivery.slices)
        self._calm = not delivery.blocked and rows < self.job.settings.rows_min
        if batch is not None and len(batch):
            if delivery.source in self._closed:
                raise input_has_grown(self._closed[delivery.source], name)
            with self.job.times.processed(name):
                self.graph.push(delivery.source, batch)

    def _tick(self, states: Mapping[str, Delivery]) -> None:
        """Look for idle partitions and ended inputs."""
        for name, state in states.items():
            watermarks = self.graph.intakes[name].watermarks
            watermarks.know(state.partitions)
            if state.blocked:
                continue
            if state.finished and watermarks.current_us < MAX_WATERMARK_US:
                watermarks.finish()
                self._dirty = True
            else:
                watermarks.tick()

    @staticmethod
    def _at_end(until: Until, states: Collection[Delivery]) -> bool:
        if all(state.finished for state in states):
            return True
        return until == "caught-up" and all(state.finished or state.caught_up for state in states)

    # -- epochs

    def _due_after_ms(self) -> float:
        settings = self.job.settings
        if not (self.router.shows_at_commit or self._letters):
            return float(settings.quiet_epoch_interval_ms)
        share = settings.commit_share_max
        if self._calm:
            share = max(share, settings.commit_share_calm)
        return max(float(settings.epoch_interval_ms), self.commit_ms / share)

    def _epoch_due(self) -> bool:
        if self._in_flight.is_set():
            return False
        if not (self._dirty or self.router.wrote or self._letters):
            return False
        if self.router.staged_bytes > self.job.settings.staged_bytes_max:
            return True
        return self.job.clock.monotonic_ms() - self._cut_ms >= self._due_after_ms()

    def cut(self) -> None:
        """End the epoch here, at a batch boundary, and have it committed."""
        taken = self._letters.take()
        counts = self.counters.copy()
        check_account(self.job.name, self._account_nodes, counts)
        staged, writes, at_once = self.router.cut()
        closed_us = self.graph.closed_us()
        marks = {
            i.stage.table.name: i.watermarks.snapshot(closed_us)
            for i in self.graph.intakes.values()
        }
        reached = self.graph.times.snapshot(self.job.plan.operators)
        marks[""] = {n: m if m < MAX_WATERMARK_US else closed_us for n, m in reached.items()}
        work = EpochWork(
            epoch=self._next_epoch,
            positions={t: dict(p) for t, p in self._positions.items()},
            watermarks=marks,
            deltas=self.graph.deltas(),
            counters=counts,
            staged=staged,
            decider_writes=writes,
            at_once=at_once,
            letters_taken=taken,
            observed=observe(self.graph).as_dict(),
        )
        self._way.cut(self._next_epoch)
        self.job.traces.cut(self._next_epoch)
        self._next_epoch += 1
        self._dirty = False
        self._cut_ms = self.job.clock.monotonic_ms()
        self._in_flight.set()
        self._committer.submit(work)

    def _committed(self, work: EpochWork, seconds: float, size: int) -> None:
        """An epoch is complete everywhere; called on a writer thread."""
        self.commit_ms += 0.2 * (seconds * 1000 - self.commit_ms)
        self.epoch, self.checkpoint_bytes = work.epoch, size
        self.committed_any = True
        self.committed_counts = work.counters
        self.job.times.arrived(self._way.arrived(work.epoch))
        self.job.traces.committed(work.epoch, work.counters, size)
        for table, reader in self._readers.items():
            reader.committed(work.positions.get(self._tables[table], {}))
        self._in_flight.clear()
        self.inbox.wake()

    def _reader_blocked(self, table: str, seconds: float) -> None:
        self.job.times.reader_blocked_s[table] += seconds

    def finish(self) -> None:
        """Commit what is left, and wait until all groups have it."""
        for _ in range(3):
            self.wait_committed()
            if not (self._dirty or self.router.wrote or self._letters):
                break
            self.cut()
        self.wait_committed()
        if self.epoch:
            self.store.mark_applied(self.epoch)

    def wait_committed(self) -> None:
        """Wait until the epoch that was cut is complete everywhere."""
        while self._in_flight.is_set():
            self.failure.check()
            self.job.crew.wait(self.failure.event, 0.001)
        self._groups.drain()
