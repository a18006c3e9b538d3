"""One seed: a world, an engine that dies and comes back in it, and what holds at the end."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from tidemill.engine import Engine, EngineSettings, GroupSpec, crash_points
from tidemill.errors import TidemillError
from tidemill.records import dataclass
from tidemill.testing.simulation.crew import SimulatedCrew
from tidemill.testing.simulation.disk import Backup
from tidemill.testing.simulation.faults import PLAIN, draw_faults, draw_layout, draw_settings
from tidemill.testing.simulation.invariants import Watcher, check_counts, check_epochs
from tidemill.testing.simulation.log import Logs, SimulatedSource
from tidemill.testing.simulation.pipelines import DEAD, Pipeline, pipeline
from tidemill.testing.simulation.results import (
    Bags,
    at_least_once,
    bags,
    difference,
    of_duckdb,
)
from tidemill.testing.simulation.scenarios import SCENARIOS
from tidemill.testing.simulation.sinks import SimulatedGroup, Store
from tidemill.testing.simulation.world import Crash, Faults, Stuck, World

Order: TypeAlias = Mapping[str, Sequence[tuple[str, int, int]]]
"""What is read, by table and in order: partition, from, to."""
SEEDS_AN_INPUT = 200
"""So many seeds, one after the other, have the same pipeline and rows, and other faults."""
LIVES_MAX = 60
_BESIDE_DUCKDB = 4
"""One input in so many is also computed by DuckDB."""
_REFUSALS = frozenset(
    f"engine.{code}"
    for code in ("checkpoint-damaged", "state-lost", "sink-ahead", "sink-behind")
)  # fmt: skip
"""How the engine may refuse to go on after the disk has lost or damaged its newest checkpoint."""


@dataclass(frozen=True)
class Outcome:
    """What became of a seed."""

    seed: int
    scenario: str
    anomalies: tuple[str, ...]
    trace: tuple[str, ...]
    happened: Counter[str] = field(default_factory=Counter)
    lives: int = 1
    epochs: int = 0


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for checkpoints, in memory where the system has such a place."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    place = str(memory) if memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="tidemill-simulation-", dir=place) as name:
        yield Path(name)


def run_seed(seed: int, work: Path, faults: Faults | None = None) -> Outcome:
    """Run a seed.

    Args:
        seed: decides the pipeline, its rows, the faults, and what runs when.
        work: an empty folder; it is empty again afterwards.
        faults: instead of those that the seed draws.
    """
    number, logs, refuses = _input(seed // SEEDS_AN_INPUT)
    line = pipeline(number)
    rng = _stream(seed, "faults")
    stores = draw_layout(rng, line.tables)
    settings = draw_settings(rng)
    drawn = draw_faults(rng, _deaths(stores))
    world = World(seed, _stream(seed, "order"), drawn if faults is None else faults)
    if refuses:
        for store in stores:
            store.refuse = _refuses(line)
    run = _Run(world, line, logs, stores, settings, work)
    try:
        run.through()
        if not world.anomalies:
            run.check()
    finally:
        _empty(work)
    return Outcome(
        seed, line.scenario.name, tuple(world.anomalies), tuple(world.trace), world.happened,
        world.process, len(world.checkpoints),
    )  # fmt: skip


def _stream(seed: int, name: str) -> random.Random:
    return random.Random(f"{name} {seed}")  # noqa: S311 - repeatable chance is wanted


@lru_cache(maxsize=4)
def _input(number: int) -> tuple[int, Logs, bool]:
    """The scenario, its rows, and whether sinks refuse some."""
    rng = _stream(number, "rows")
    scenario = number % len(SCENARIOS)
    return scenario, SCENARIOS[scenario].draw(rng), rng.random() < 0.3


def _deaths(stores: list[Store]) -> tuple[str, ...]:
    """A checkpoint may be lost only where every sink can say what it holds."""
    found = ("dies",) * 6 + ("dies, torn", "dies, damaged")
    return (*found, "dies, lost") if all(store.knows for store in stores) else found


def _refuses(line: Pipeline) -> Any:
    tables = line.scenario.refusable

    def refuse(table: str, row: dict[str, Any]) -> bool:
        return table in tables and next(iter(row.values())) == 1

    return refuse


def _empty(work: Path) -> None:
    for path in work.iterdir():
        path.unlink()


@lru_cache(maxsize=200)
def _straight_in(number: int, table: str, order: tuple[tuple[str, int, int], ...]) -> Bags:
    """The result of a run without faults that reads a table in this order."""
    return _straight_run(number, {table: order})


@lru_cache(maxsize=4)
def _straight(number: int) -> Bags:
    """The result of a run without faults, in one epoch; for some inputs held against DuckDB's."""
    found = _straight_run(number, {})
    scenario, logs, refuses = _input(number)
    if not (refuses or number // len(SCENARIOS) % _BESIDE_DUCKDB):
        wanted = of_duckdb(SCENARIOS[scenario], logs)
        wrong = difference(
            wanted, {t: b for t, b in found.items() if t in SCENARIOS[scenario].truth}
        )
        if wrong:
            raise AssertionError(f"input {number} beside DuckDB: {wrong}")
    return found


def _straight_run(number: int, order: Order) -> Bags:
    scenario, logs, refuses = _input(number)
    line = pipeline(scenario)
    world = World(-1, random.Random(0), {})  # noqa: S311
    store = Store("all", line.tables, refuse=_refuses(line) if refuses else None)
    with folder() as work:
        run = _Run(world, line, logs, [store], PLAIN, work, order)
        run.through()
    if world.anomalies:
        raise AssertionError(f"input {number} goes wrong without faults: {world.anomalies}")
    return bags([store])[0]


class _Run:
    """A world, and the engine's lives in it."""

    def __init__(
        self,
        world: World,
        line: Pipeline,
        logs: Logs,
        stores: list[Store],
        settings: EngineSettings,
        work: Path,
        order: Order | None = None,
    ) -> None:
        self._world = world
        self._line = line
        self._logs = logs
        self._stores = stores
        self._settings = settings
        self._work = work
        self._order = order or {}
        self._backup: Backup | None = None
        self._watcher = Watcher(world, stores)

    def through(self) -> None:
        """Start the engine again and again, until the pipeline has finished."""
        world = self._world
        while not self._live():
            if world.anomalies:
                return
            if world.process >= LIVES_MAX:
                world.anomaly(f"not finished after {world.process} lives")
                return

    def _live(self) -> bool:
        """One life of the engine's process; whether the pipeline has finished."""
        world = self._world
        world.process += 1
        world.dead, world.damage, world.on_death = False, "", []
        crew = SimulatedCrew(world, self._work, self._watcher)
        engine = self._engine(crew)
        crew.session = lambda: engine.session
        world.stop = engine.stop
        world.note(f"process {world.process} of the engine starts")
        crash_points.install(crew.at_point)
        try:
            engine.run("finished")
            return not engine.job.stopping.is_set()
        except Crash:
            self._backup = self._backup or self._damaged(crew)
        except Stuck:
            world.anomaly("the engine makes no progress")
        except TidemillError as error:
            self._ended(error)
        finally:
            crash_points.install(None)
        return False

    def _damaged(self, crew: SimulatedCrew) -> Backup | None:
        how = self._world.damage
        return Backup(self._world, crew.disk, how) if how else None

    def _ended(self, error: TidemillError) -> None:
        """The engine refuses to go on: rightly, if its files are damaged or the disk is full."""
        world = self._world
        world.note(f"the engine ends: {error.code}: {error.message}")
        if error.code == "engine.checkpoint-io":
            return
        if self._backup is None or error.code not in _REFUSALS:
            world.anomaly(f"the engine ends: {error.code}: {error.message}\n{error.detail or ''}")
            return
        self._backup.put_back()
        self._backup = None

    def _engine(self, crew: SimulatedCrew) -> Engine:
        world = self._world
        return Engine(
            self._line.plan,
            job="simulated",
            sources={table: lambda t=table: self._source(t) for table in self._logs},  # type: ignore[misc]
            groups=[
                GroupSpec(s.name, s.tables, lambda s=s: SimulatedGroup(world, s))  # type: ignore[misc]
                for s in self._stores
            ],
            checkpoint_dir=self._work,
            dead_letter_table=DEAD,
            late_tables=self._line.scenario.late,
            settings=self._settings,
            clock=world.clock,
            kernel=self._line.kernel,
            crew=crew,
        )

    def _source(self, table: str) -> SimulatedSource:
        source = SimulatedSource(self._world, table, self._logs[table])
        if table in self._order:
            source.follow(self._order[table])
        return source

    # -- at the end

    def check(self) -> None:
        """Every invariant of a finished pipeline."""
        world, line = self._world, self._line
        found, written, wrong = bags(self._stores)
        for what in wrong:
            world.anomaly(what)
        number = world.seed // SEEDS_AN_INPUT
        ordered = line.scenario.ordered
        if ordered:
            wanted = _straight_in(number, ordered, tuple(world.reads[ordered]))
        else:
            wanted = _straight(number)
        repeating, unknown = at_least_once(self._stores)
        wanted, found = (
            {table: bag for table, bag in b.items() if table not in unknown}
            for b in (wanted, found)
        )
        for what in difference(wanted, found, repeating, bool(ordered)):
            world.anomaly(what)
        check_epochs(world, self._stores)
        last = world.checkpoints[max(world.checkpoints)]
        scenario = line.scenario
        check_counts(
            world, last, line.nodes, self._logs, written, scenario.sinks, scenario.late, repeating
        )  # fmt: skip
