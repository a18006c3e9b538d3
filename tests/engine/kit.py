"""In-memory tables for the engine's tests: sources that replay, groups that remember and fail.

A `World` is what survives a crash: the input of each table, and what each group has committed.
Everything else (sources, groups, the engine) is made anew, as after a restart.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, settings

from tidemill.engine import Engine, EngineSettings, GroupSpec, crash_points
from tidemill.errors import ConnectorError
from tidemill.interfaces.connector import Changelog, Connector
from tidemill.interfaces.options import Option, OptionSet, OptionType
from tidemill.interfaces.python_function import FunctionLoader
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import Batch, DeadLetter, RowKind
from tidemill.plan import PhysicalPlan, build_plan
from tidemill.sql import compile_script

STRING = OptionType.STRING


def laws(examples: int = 10) -> settings:
    """How often a law of the engine is tried; `make laws` tries each 20 times as often."""
    return settings(
        max_examples=examples * int(os.environ.get("TIDEMILL_LAWS", "1")),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


class Crash(BaseException):
    """The process dies here."""


class RepeatableError(ConnectorError):
    def __init__(self) -> None:
        super().__init__("the store went away", code="connector.unreachable", retryable=True)


OPTIONS = OptionSet(
    "memory",
    tuple(
        Option(key, STRING, key)
        for key in (
            "changelog",
            "upsert",
            "bounded",
            "group",
            "late-handling.mode",
            "error-handling.mode",
            "scan.watermark.idle-timeout",
        )
    ),
)

MEMORY = Connector(
    "memory",
    OPTIONS,
    bounded=lambda table, _: table.options.get("bounded") != "false",
    source_changelog=lambda table, _: Changelog(
        "changelog" in table.options or "upsert" in table.options, "upsert" in table.options
    ),
    sink_changelog=lambda table, _: Changelog(
        "changelog" in table.options or "upsert" in table.options, "upsert" in table.options
    ),
    source=lambda table, context: None,  # type: ignore[arg-type,return-value]
    group_key=lambda table, _: table.options.get("group", "main"),
    commit_group=lambda tables, context: None,  # type: ignore[arg-type,return-value]
)

CONNECTORS = {"memory": MEMORY}


def plan_of(text: str, functions: FunctionLoader | None = None) -> PhysicalPlan:
    script = compile_script(text, "test.sql", CONNECTORS, {}, functions=functions)
    return build_plan(script, CONNECTORS, {})


@dataclass
class Partition:
    """Rows of one partition, with where reads end (offsets), so that tests choose the batches."""

    rows: pa.RecordBatch
    kinds: list[int] | None = None
    cuts: Sequence[int] = ()

    def next_cut(self, position: int, rows_max: int) -> int:
        end = min([c for c in self.cuts if c > position] + [self.rows.num_rows])
        return min(end, position + rows_max)


@dataclass
class Group:
    """What a group holds durably."""

    name: str
    tables: tuple[str, ...]
    atomic: bool = True
    idempotent: bool = True
    knows: bool = True
    at_once: bool = False
    epoch: int | None = None
    committed: list[tuple[int, str, Batch]] = field(default_factory=list)
    opens: int = 0
    refuse: Callable[[str, dict[str, Any]], bool] | None = None
    fail: Callable[[str, int], None] | None = None
    """Called as fail(step, epoch) at each step; raises what should go wrong there."""


class MemorySource:
    def __init__(self, world: World, table: str) -> None:
        self.world = world
        self.parts = world.inputs[table]
        self.positions: dict[str, int] = {}

    def open(self, start: Mapping[str, Any]) -> None:
        self.positions = {name: start.get(name, 0) for name in self.parts}
        self.turn = 0

    def partitions(self) -> Sequence[str]:
        return tuple(self.parts)

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        if self.world.read_hook is not None:
            self.world.read_hook(self)
        names = list(self.parts)
        for _ in names:
            name = names[self.turn % len(names)]
            self.turn += 1
            part = self.parts[name]
            at = self.positions[name]
            end = part.next_cut(at, rows_max)
            if end > at:
                self.positions[name] = end
                kinds = None
                if part.kinds is not None:
                    kinds = pa.array(part.kinds[at:end], pa.int8())
                rows = part.rows.slice(at, end - at)
                return (PartitionBatch(name, rows, kinds, end, end - at),)
        threading.Event().wait(min(timeout_ms, 5) / 1000)
        return ()

    def finished(self) -> bool:
        return self.world.bounded and self._done()

    def caught_up(self) -> bool:
        return self._done()

    def _done(self) -> bool:
        return all(self.positions[n] >= p.rows.num_rows for n, p in self.parts.items())

    def close(self) -> None:
        pass


class MemoryWriter:
    def __init__(self, group: MemoryGroup, table: str) -> None:
        self.group, self.table = group, table

    def write(self, batch: Batch) -> list[DeadLetter]:
        self.group.step("write", 0)
        state = self.group.state
        if state.refuse is not None:
            rows = batch.rows.to_pylist()
            bad = [state.refuse(self.table, row) for row in rows]
            if any(bad):
                keep = pa.array([not b for b in bad])
                kinds = None if batch.kinds is None else batch.kinds.filter(keep)
                self.group.keep(self.table, Batch(batch.rows.filter(keep), kinds))
                return [
                    DeadLetter(
                        self.table, "sink", "engine.bad-row", "refused", value=str(r).encode()
                    )
                    for r, b in zip(rows, bad, strict=True)
                    if b
                ]
        self.group.keep(self.table, batch)
        return []


class MemoryGroup:
    def __init__(self, state: Group) -> None:
        self.state = state
        self.pending: list[tuple[str, Batch]] = []
        self.closed = False
        self.thread: int | None = None

    name = property(lambda self: self.state.name)
    atomic = property(lambda self: self.state.atomic)
    idempotent = property(lambda self: self.state.idempotent)
    at_once = property(lambda self: self.state.at_once)

    def step(self, what: str, epoch: int) -> None:
        assert self.generation == self.state.opens, "a zombie was let in"
        assert self.thread == threading.get_ident(), "a group is used from one thread"
        if self.state.fail is not None:
            self.state.fail(what, epoch)

    def open(self) -> int | None:
        self.state.opens += 1
        self.generation = self.state.opens
        self.thread = threading.get_ident()
        self.step("open", 0)
        return self.state.epoch if self.state.knows else None

    def writer(self, table: str) -> MemoryWriter:
        assert table in self.state.tables
        return MemoryWriter(self, table)

    def keep(self, table: str, batch: Batch) -> None:
        if self.state.at_once:
            self.state.committed.append((0, table, batch))
        else:
            self.pending.append((table, batch))

    def prepare(self, epoch: int) -> list[DeadLetter]:
        self.step("prepare", epoch)
        return []

    def commit(self, epoch: int, positions: Mapping[str, Any]) -> None:
        self.step("commit", epoch)
        assert self.pending or self.at_once, "an epoch without a write is not committed"
        if self.state.epoch is not None and epoch <= self.state.epoch:
            assert self.state.idempotent and epoch == self.state.epoch
            self.state.committed = [c for c in self.state.committed if c[0] != epoch]
        self.state.committed += [(epoch, table, batch) for table, batch in self.pending]
        self.state.epoch = epoch
        self.pending = []
        self.step("committed", epoch)

    def abort(self) -> None:
        self.pending = []

    def close(self) -> None:
        self.pending = []
        self.closed = True


@dataclass
class World:
    inputs: dict[str, dict[str, Partition]]
    groups: list[Group]
    bounded: bool = True
    read_hook: Callable[[MemorySource], None] | None = None
    selected: list[tuple[int, Batch]] = field(default_factory=list)

    def engine(self, plan: PhysicalPlan, folder: Path, **more: Any) -> Engine:
        settings = more.pop("settings", QUICK)
        return Engine(
            plan,
            job="test",
            sources={t: (lambda t=t: MemorySource(self, t)) for t in self.inputs},  # type: ignore[misc]
            groups=[
                GroupSpec(g.name, g.tables, (lambda g=g: MemoryGroup(g)))  # type: ignore[misc]
                for g in self.groups
            ],
            checkpoint_dir=folder,
            settings=settings,
            collect=lambda i, batch: self.selected.append((i, batch)),
            durable=False,
            **more,
        )

    def group(self, name: str) -> Group:
        return next(g for g in self.groups if g.name == name)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """What readers of a sink see, in the order of commit, with the kind under `$kind`."""
        found: list[dict[str, Any]] = []
        for group in self.groups:
            for _, name, batch in group.committed:
                if name == table:
                    kinds = batch.kinds.to_pylist() if batch.kinds is not None else None
                    for i, row in enumerate(batch.rows.to_pylist()):
                        if kinds is not None:
                            row["$kind"] = RowKind(kinds[i]).short
                        found.append(row)
        return found


QUICK = EngineSettings(
    epoch_interval_ms=0,
    quiet_epoch_interval_ms=0,
    commit_share_max=1e9,
    read_timeout_ms=5,
    retry_first_ms=1,
    rows_min=10**9,
    rows_max=10**9,
)
"""An epoch after every batch, as often as possible."""


def one_batch_at_a_time(settings: EngineSettings = QUICK) -> EngineSettings:
    """Each read is a batch of its own: the inbox hands out single slices."""
    return replace(settings, rows_max=1)


def crash_at(point: str, nth: int = 1) -> None:
    """Raise Crash the nth time a crash point is reached."""
    seen = {"n": 0}
    lock = threading.Lock()

    def handler(reached: str) -> None:
        if reached != point:
            return
        with lock:
            seen["n"] += 1
            hit = seen["n"] == nth
        if hit:
            raise Crash(point)

    crash_points.install(handler)


def no_crash() -> None:
    crash_points.install(None)


def run_through_crashes(world: World, plan: PhysicalPlan, folder: Path, **more: Any) -> int:
    """Run to the end; after each Crash start anew, as after kill -9. Returns the crashes."""
    crashes = 0
    while True:
        try:
            world.engine(plan, folder, **more).run("finished")
        except Crash:
            crashes += 1
            if crashes > 20:
                raise
            continue
        return crashes
