"""Bugs that are put into the engine on purpose, to show that the simulation finds each.

Each replaces one method of the engine while it is in, as a careless change might.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from tidemill.engine import recovery
from tidemill.engine import session as session_module
from tidemill.engine.engine import Engine
from tidemill.engine.epochs import Committer
from tidemill.engine.graph import Graph
from tidemill.engine.operators.window_aggregate import WindowAggregate
from tidemill.engine.reader import Reader
from tidemill.engine.routing import Router
from tidemill.engine.session import Session
from tidemill.engine.watermarks import SourceWatermarks
from tidemill.engine.worker import GroupWorker
from tidemill.errors import DoubtfulCommitError, EngineError
from tidemill.plan.windows import MIN_WATERMARK_US
from tidemill.testing.simulation.disk import SimulatedDisk
from tidemill.testing.simulation.sinks import SimulatedGroup

Put = Callable[[Callable[..., None]], None]
"""A bug: given `put(owner, name, make)`, where `make(original)` gives the replacement."""


@contextmanager
def engine_with(bug: Put) -> Iterator[None]:
    """The engine with a bug in it."""
    with ExitStack() as stack:

        def put(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
            original = getattr(owner, name)
            setattr(owner, name, make(original))
            stack.callback(setattr, owner, name, original)

        bug(put)
        yield


def commits_before_the_checkpoint(put: Any) -> None:
    """The decider commits, then the checkpoint is written."""

    def make(original: Any) -> Any:
        def checkpoint(self: Committer, work: Any, writes: bool) -> Any:
            made = original(self, work, writes)
            group: Any = self.decider.group
            if writes and group is not None:
                group.commit(work.epoch, work.positions)
                group.commit = lambda *_: delattr(group, "commit")
            return made

        return checkpoint

    put(Committer, "_checkpoint", make)


def saves_positions_too_early(put: Any) -> None:
    """What was read counts, though it still waits in the inbox."""

    def make(original: Any) -> Any:
        def cut(self: Session) -> None:
            for stage, queue in self.inbox._queues.items():
                table = self.graph.intakes[stage].stage.table.name
                for piece in queue.items:
                    self._positions.setdefault(table, {})[piece.partition] = piece.position
            original(self)

        return cut

    put(Session, "cut", make)


def forgets_to_abort(put: Any) -> None:
    """After a failure the sinks' clients are used again, with what was written to them."""
    kept: dict[str, tuple[object, SimulatedGroup]] = {}

    def close(original: Any) -> Any:
        def closed(self: GroupWorker) -> None:
            if isinstance(self.group, SimulatedGroup) and self._failure.error is not None:
                kept[self.name] = (self.group._world, self.group)
                self.group = None
            original(self)

        return closed

    def init(original: Any) -> Any:
        def made(self: Session, *arguments: Any) -> None:
            original(self, *arguments)
            for worker in self._groups.by_name.values():
                spec = worker.spec
                assert spec is not None
                worker.spec = replace(spec, factory=lambda s=spec: again(s))  # type: ignore[misc]

        def again(spec: Any) -> Any:
            fresh = spec.factory()
            world, old = kept.pop(spec.name, (None, fresh))
            return old if world is fresh._world and world.lives(old._process) else fresh

        return made

    put(GroupWorker, "close", close)
    put(Session, "__init__", init)


def does_not_restore_one_operator(put: Any) -> None:
    """The state of the plan's first operator starts anew."""

    def make(original: Any) -> Any:
        def restore(self: Graph, deltas: Any, watermarks: Any) -> None:
            first = self.plan.operators[0].id
            original(self, {n: d for n, d in deltas.items() if n != first}, watermarks)

        return restore

    put(Graph, "restore", make)


def restores_a_watermark_too_far(put: Any) -> None:
    """The partition that is furthest counts, instead of the one that is least far."""

    def make(original: Any) -> Any:
        def restore(self: SourceWatermarks, snapshot: Any) -> None:
            original(self, snapshot)
            self.current_us = max(snapshot.values(), default=self.current_us)

        return restore

    put(SourceWatermarks, "restore", make)


def uses_an_epoch_again(put: Any) -> None:
    """The number after the decided epoch's is next, though it was prepared once."""

    def make(original: Any) -> Any:
        def recover(*arguments: Any) -> Any:
            found = original(*arguments)
            found.next_epoch = 1 if found.checkpoint is None else found.checkpoint.epoch + 1
            return found

        return recover

    put(session_module, "recover", make)


def reads_a_partition_again(put: Any) -> None:
    """The first partition is read from its beginning, whatever was committed."""

    def make(original: Any) -> Any:
        def begin(self: Reader, source: Any) -> None:
            self._start = dict(sorted(self._start.items())[1:])
            original(self, source)

        return begin

    put(Reader, "begin", make)


def takes_doubt_for_failure(put: Any) -> None:
    """A commit whose outcome is unknown counts as not made; nobody is asked."""
    doubt = {"is": False, "was": False}

    def again(original: Any) -> Any:
        def recovering(self: Engine, error: BaseException, failures: int) -> None:
            doubt["is"] = doubt["was"] = isinstance(error, DoubtfulCommitError)
            original(self, error, failures)

        return recovering

    def is_decided(original: Any) -> Any:
        def decided(candidate: Any, held: Any) -> bool:
            if doubt["is"] and candidate.manifest["decided_by"] is not None:
                doubt["is"] = False
                return False
            return bool(original(candidate, held))

        return decided

    def unchecked(original: Any) -> Any:
        def check(*arguments: Any, **named: Any) -> None:
            try:
                original(*arguments, **named)
            except EngineError:
                if not doubt["was"]:
                    raise

        return check

    put(Engine, "_again", again)
    put(recovery, "_is_decided", is_decided)
    put(recovery, "_check_groups", unchecked)
    put(recovery, "_check_fresh", unchecked)


def fires_a_timer_twice(put: Any) -> None:
    """That a window has come out is not restored, so that it comes out again."""

    def make(original: Any) -> Any:
        def restore(self: WindowAggregate, deltas: Any) -> None:
            never = {"fired_us": str(MIN_WATERMARK_US)}
            original(self, [replace(delta, meta={**delta.meta, **never}) for delta in deltas])

        return restore

    put(WindowAggregate, "restore", make)


def does_not_fence_a_zombie(put: Any) -> None:
    """Sinks are asked for their epoch first, and opened when they are first written to."""

    def ask(_original: Any) -> Any:
        def opened(self: SimulatedGroup) -> int | None:
            return self.held()

        return opened

    def take(original: Any) -> Any:
        def taken(self: SimulatedGroup, table: str, batch: Any) -> Any:
            if self._generation < 0:
                self.fence()
            return original(self, table, batch)

        return taken

    put(SimulatedGroup, "open", ask)
    put(SimulatedGroup, "take", take)


def forgets_staged_output(put: Any) -> None:
    """What a sink had not committed when the engine died is not applied again."""

    def make(original: Any) -> Any:
        def recover(*arguments: Any) -> Any:
            found = original(*arguments)
            found.reapply.clear()
            return found

        return recover

    put(session_module, "recover", make)


def does_not_restore_counters(put: Any) -> None:
    """The row accounting starts anew with each life."""

    def make(original: Any) -> Any:
        def build(self: Session, recovered: Any) -> None:
            if recovered.checkpoint is not None:
                recovered.checkpoint.manifest["counters"] = {}
            original(self, recovered)

        return build

    put(Session, "_build", make)


def delivers_letters_twice(put: Any) -> None:
    """That a sink's refused rows went out with an epoch is forgotten."""

    def make(original: Any) -> Any:
        def load(store: Any, chosen: Any, result: Any) -> None:
            chosen.manifest["letters_taken"] = {}
            original(store, chosen, result)

        return load

    put(recovery, "_load_letters", make)


def does_not_wait_for_those_written_at_once(put: Any) -> None:
    """A checkpoint is made while rows of its epoch are still on their way to such a group."""

    def make(original: Any) -> Any:
        def submit(self: Committer, work: Any) -> None:
            self.decider.submit(lambda: self.commit(work))

        return submit

    put(Committer, "submit", make)


def loses_late_rows(put: Any) -> None:
    """A late row that is the only one of its batch is counted, and written nowhere."""

    def make(original: Any) -> Any:
        def write_late(self: Router, source: str, rows: Any) -> None:
            if rows.num_rows > 1:
                original(self, source, rows)

        return write_late

    put(Router, "write_late", make)


def does_not_flush_a_checkpoint(put: Any) -> None:
    """A checkpoint is renamed into place before its bytes are on the disk."""
    put(SimulatedDisk, "_flush", lambda _original: lambda _self, _fd: None)


BUGS: tuple[Put, ...] = (
    commits_before_the_checkpoint,
    saves_positions_too_early,
    forgets_to_abort,
    does_not_restore_one_operator,
    restores_a_watermark_too_far,
    uses_an_epoch_again,
    reads_a_partition_again,
    takes_doubt_for_failure,
    fires_a_timer_twice,
    does_not_fence_a_zombie,
    forgets_staged_output,
    does_not_restore_counters,
    delivers_letters_twice,
    does_not_wait_for_those_written_at_once,
    loses_late_rows,
    does_not_flush_a_checkpoint,
)
