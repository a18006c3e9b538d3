"""The engine by hand: it works only when told to, so a test decides what happens when.

The same session, graph and epochs as `Engine.run`, without its reader threads: rows are put where
readers put them, and one turn of the loop follows. Time stands still unless the job's clock is
moved. What was given since the last commit is kept, so that a crash can be followed by what a
source would do: read again from the positions that were restored.

Guarantees: after each call everything given has gone through the plan; what it let out is visible
in the commit groups after `commit`. Used from one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from tidemill.engine import crash_points
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.engine.engine import Engine
from tidemill.engine.graph import Graph
from tidemill.engine.session import Session
from tidemill.engine.values_source import ValuesSource
from tidemill.engine.watermarks import SourceWatermarks
from tidemill.engine.worker import Aborted
from tidemill.errors import EngineError
from tidemill.interfaces.source import PartitionBatch

_VALUES_AT_ONCE = 1 << 20


class CrashError(BaseException):
    """The engine's death at a crash point; never leaves this module."""


class Stepper:
    """Runs an engine's plan by hand, through any number of lives.

    Args:
        engine: not run otherwise; its sources are not used.
        partitions: the partitions of each table that exist from the start, by table name.
    """

    def __init__(self, engine: Engine, partitions: Mapping[str, Sequence[str]]) -> None:
        self._job = engine.job
        self._store = CheckpointStore(self._job.checkpoint_dir, self._job.durable)
        self._partitions = partitions
        self._ended: set[str] = set()
        self._ended_for_good: set[str] = set()
        self._since_commit: list[Callable[[], None]] = []
        self._stages = {
            name: [s for s in self._job.plan.sources if s.table.name == name] for name in partitions
        }
        self._store.lock()
        self._session = self._live()

    def close(self) -> None:
        """End the engine as it stands; what is not committed is undone."""
        self._session.close()
        self._store.unlock()

    @property
    def counters(self) -> Mapping[str, int]:
        """The row accounting, as in `engine.counters`."""
        return self._session.counts()

    @property
    def graph(self) -> Graph:
        """The running plan of this life."""
        return self._session.graph

    def watermark_us(self, table: str) -> int:
        """The watermark of a source table in epoch microseconds."""
        return min(marks.current_us for marks in self._watermarks(table))

    # -- what happens

    def give(self, table: str, rows: Sequence[PartitionBatch]) -> None:
        """Rows of a source table arrive, all at once."""
        self._do(lambda: self._give(table, rows))

    def reach(self, table: str, partition: str, watermark_us: int) -> None:
        """No row older than this follows in a partition."""
        self._do(lambda: self._mark(table, lambda m: m.reach(partition, watermark_us)))

    def rest(self, table: str, partition: str) -> None:
        """A partition counts as idle until its next row."""
        self._do(lambda: self._mark(table, lambda m: m.rest(partition)))

    def end(self, table: str) -> None:
        """A source table has delivered its last row."""
        self._do(lambda: self._end(table))

    def turn(self) -> None:
        """Look at the clock: partitions may have become idle, and timers may be due."""
        with self._failing():
            while any(state.blocked for state in self._session.turn(0).values()):
                pass

    def commit(self) -> None:
        """End the epoch and have it committed, if there is anything to commit."""
        with self._failing():
            self._session.finish()
        self._since_commit.clear()
        self._ended_for_good = set(self._ended)

    def crash(self, point: str | None) -> None:
        """Die without warning, and recover as after `kill -9`.

        Args:
            point: where in the commit of the open epoch (`crash_points.POINTS`); None: before it.
        """
        if point is not None:
            self._die_at(point)
        self._session.close()
        self._ended = set(self._ended_for_good)
        self._session = self._live()
        given, self._since_commit = self._since_commit, []
        for again in given:
            self._do(again)

    # -- how

    def _live(self) -> Session:
        session = Session(self._job, self._store)
        self._session = session
        with self._failing():
            session.begin()
        for name in self._partitions:
            self._tell(name)
        for stage in self._job.plan.sources:
            if stage.values is not None:
                self._give_values(stage.id, ValuesSource(stage.values))
        self.turn()
        return session

    def _give_values(self, stage: str, source: ValuesSource) -> None:
        name = self._session.graph.intakes[stage].stage.table.name
        source.open(self._session.positions.get(name, {}))
        slices = source.read(_VALUES_AT_ONCE, 0)
        if slices:
            self._session.inbox.put(stage, slices)
        self._session.inbox.tell(stage, source.partitions(), True, True)

    def _do(self, event: Callable[[], None]) -> None:
        self._since_commit.append(event)
        with self._failing():
            event()
        self.turn()

    def _give(self, table: str, rows: Sequence[PartitionBatch]) -> None:
        reached = self._session.positions.get(table, {})
        fresh = [r for r in rows if _number(r.position) > _number(reached.get(r.partition, 0))]
        if fresh:
            for stage in self._stages[table]:
                self._session.inbox.put(stage.id, fresh)

    def _end(self, table: str) -> None:
        self._ended.add(table)
        self._tell(table)

    def _tell(self, table: str) -> None:
        for stage in self._stages[table]:
            ended = table in self._ended
            self._session.inbox.tell(stage.id, tuple(self._partitions[table]), ended, ended)

    def _mark(self, table: str, change: Callable[[SourceWatermarks], None]) -> None:
        for marks in self._watermarks(table):
            change(marks)
        self._session.touch()

    def _watermarks(self, table: str) -> Iterator[SourceWatermarks]:
        for stage in self._stages[table]:
            yield self._session.graph.intakes[stage.id].watermarks

    def _die_at(self, point: str) -> None:
        def die(reached: str) -> None:
            if reached == point:
                raise CrashError(point)

        crash_points.install(die)
        try:
            self._session.touch()
            self._session.cut()
            self._session.wait_committed()
        except Aborted:
            if not isinstance(self._session.failure.error, CrashError):
                self._check()
        finally:
            crash_points.install(None)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Raise what a thread of the session failed with, instead of that it is over."""
        try:
            yield
        except Aborted:
            self._check()
            raise EngineError("a session ended without a reason", code="engine.internal") from None

    def _check(self) -> None:
        error = self._session.failure.error
        if error is not None:
            raise error


def _number(position: object) -> int:
    assert isinstance(position, int), "a position by hand is the number of the next row"
    return position
