"""What must hold, whatever has happened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tidemill.engine.accounting import AccountNode, accounts, unaccounted
from tidemill.engine.session import Session
from tidemill.testing.simulation.log import Logs
from tidemill.testing.simulation.sinks import Store
from tidemill.testing.simulation.world import Decided, World


def decided_epoch(world: World, stores: Iterable[Store]) -> int | None:
    """The newest epoch that was decided: by its checkpoint alone, or by a group that holds it."""
    held = {store.name: {epoch for epoch, _ in store.commits} for store in stores}
    for epoch in sorted(world.checkpoints, reverse=True):
        by = world.checkpoints[epoch].decided_by
        if by is None or epoch in held.get(by, ()):
            return epoch
    return None


class Watcher:
    """Looks at a session between turns."""

    def __init__(self, world: World, stores: list[Store]) -> None:
        self._world = world
        self._stores = stores
        self._session: Session | None = None
        self._marks: dict[str, int] = {}

    def __call__(self, session: Session) -> None:
        """Watermarks never go back; a new session stands where the decided epoch left it."""
        graph = session.graph
        if session is not self._session:
            self._session = session
            self._begun(session)
            self._marks = {}
        for name, intake in graph.intakes.items():
            self._rises(name, intake.watermarks.current_us)
        for name, mark in graph.times.watermarks.items():
            self._rises(f"operator {name}", mark)

    def _rises(self, name: str, mark: int) -> None:
        before = self._marks.get(name)
        if before is not None and mark < before:
            self._world.anomaly(f"the watermark of {name} goes back from {before} to {mark}")
        self._marks[name] = mark

    def _begun(self, session: Session) -> None:
        world = self._world
        if world.emptied and not any(store.commits for store in self._stores):
            world.checkpoints.clear()  # nothing is left and nothing was shown: it begins anew
        world.emptied = False
        epoch = decided_epoch(world, self._stores)
        known = None if epoch is None else world.checkpoints[epoch]
        world.note(f"a session goes on after epoch {session.epoch}")
        if session.epoch != (epoch or 0):
            world.anomaly(f"epoch {session.epoch} is restored, but epoch {epoch} was decided")
        positions = {} if known is None else known.positions
        if session.positions != positions:
            world.anomaly(f"reading goes on at {session.positions} instead of {positions}")
        marks = {} if known is None else known.watermarks
        for intake in session.graph.intakes.values():
            table = intake.stage.table.name
            wanted = marks.get(table, {}).get("")
            if wanted is not None and intake.watermarks.current_us != wanted:
                world.anomaly(f"the watermark of {table} is restored as another than {wanted}")


def check_epochs(world: World, stores: Iterable[Store]) -> None:
    """Every sink holds exactly the decided epochs that write to it, in order."""
    stores = list(stores)
    held = {store.name: [epoch for epoch, _ in store.commits] for store in stores}
    decided = [
        epoch
        for epoch, known in sorted(world.checkpoints.items())
        if known.decided_by is None or epoch in held.get(known.decided_by, ())
    ]
    for store in stores:
        wanted = [e for e in decided if world.checkpoints[e].group_epochs.get(store.name) == e]
        if held[store.name] != wanted:
            world.anomaly(f"{store.name} holds epochs {held[store.name]} instead of {wanted}")


def check_counts(
    world: World,
    last: Decided,
    nodes: Iterable[AccountNode],
    logs: Logs,
    written: Mapping[str, int],
    sinks: Iterable[str],
    late: Mapping[str, str],
    repeating: Collection[str] = (),
) -> None:
    """The committed counters add up, and are those of what was read and written.

    Args:
        world: takes what does not hold.
        last: the newest checkpoint.
        nodes: the plan's, for the accounts.
        logs: what there was to read.
        written: the rows that each table holds.
        sinks: the tables that outputs write to.
        late: the table of late rows, by source; the engine counts these as the source's own.
        repeating: the tables that may hold rows twice.
    """
    for line in unaccounted(accounts(nodes, last.counters)):
        world.anomaly(f"{line.missing} rows of {line.title} are not accounted for")
    for table, parts in logs.items():
        records = {name: log.rows.num_rows for name, log in parts.items()}
        reached: dict[str, Any] = dict.fromkeys(records, 0) | last.positions.get(table, {})
        if reached != records:
            world.anomaly(f"{table} is saved at {reached}, but its log ends at {records}")
        counted = last.counters.get(f"source.{table}.records", 0)
        if counted != sum(records.values()):
            world.anomaly(f"{counted} records of {table} are counted, not {sum(records.values())}")
    counters = {sink: f"sink.{sink}.out" for sink in sinks}
    counters |= {sink: f"source.{source}.late_written" for source, sink in late.items()}
    for sink, counter in counters.items():
        counted, held = last.counters.get(counter, 0), written.get(sink, 0)
        if held < counted or (held > counted and sink not in repeating):
            world.anomaly(f"{counted} rows are counted into {sink}, which holds {held}")
