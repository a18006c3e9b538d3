"""What must hold of a pipeline of the project.

After each action: its account adds up, and its positions have not gone back. At the end: each sink
that can be read back holds what the pipeline's rows come to, computed anew from the topics.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from tidemill.connectors.kafka.topic_facts import end_offsets
from tidemill.control.account import PipelineAccount, committed_account
from tidemill.control.chaos.committed import facts_of, not_conserved, wait_through
from tidemill.control.chaos.engine_process import EngineProcess
from tidemill.control.chaos.model import Broken
from tidemill.control.chaos.positions import Positions
from tidemill.control.chaos.project_pipeline.workspace import CHECKED, Workspace
from tidemill.control.chaos.servers import ChaosServers
from tidemill.control.reconcile.compare import Differences, differences
from tidemill.control.reconcile.recompute import materialised, recompute
from tidemill.errors import ConnectorError
from tidemill.interfaces.connector import JobContext
from tidemill.model import Batch, TableDescriptor


class ProjectCheck:
    """Asks the checkpoints, the account and the sinks of one trial."""

    def __init__(self, servers: ChaosServers, space: Workspace, engine: EngineProcess) -> None:
        self._servers, self._space, self._engine = servers, space, engine
        self._positions = Positions(engine.store)

    @property
    def facts(self) -> dict[str, int]:
        """What the account says."""
        return facts_of(self._account())

    def now(self) -> list[Broken]:
        """What does not hold at this moment."""
        return [*self._positions.gone_back(), *not_conserved(self._account())]

    def end(self) -> list[Broken]:
        """Wait until the pipeline is through, stop it, and compare its sinks."""
        missing = self._wait_through()
        if missing is not None:
            return [*self.now(), Broken("no-loss", missing)]
        code = self._engine.stop()
        if code not in (0, 130):
            self._engine.tend()
        return [*self.now(), *self._sinks()]

    def read_input(self) -> None:
        """Nothing: the input is never taken away."""

    def close(self) -> None:
        """Nothing is held."""

    def _account(self) -> PipelineAccount | None:
        return committed_account(self._space.project, self._space.name)

    def _wait_through(self) -> str | None:
        topics = dict.fromkeys(self._space.topics, 1)
        admin = self._servers.admin
        admin.require(list(topics))  # which learns anew who leads, as a broker may have restarted
        found = end_offsets(admin, topics)
        ends = {
            (table.name, "0"): found[table.options["topic"], 0]
            for table in self._space.sources.values()
        }
        return wait_through(self._positions, ends, self._engine, self._servers)

    def _sinks(self) -> list[Broken]:
        space = self._space
        names = [n for n, t in space.sinks.items() if t.options["connector"] in CHECKED]
        with tempfile.TemporaryDirectory(prefix="tidemill-chaos-") as folder:
            wanted = recompute(space.compiled.script, names, space.settle, Path(folder))
        broken = []
        for name in names:
            sink = space.sinks[name]
            expected = materialised(wanted.changes.get(name, []), sink)
            found = _content(sink)
            columns = [n for n in sink.schema.names if n in expected.column_names]
            schema = pa.schema([found.schema.field(n) for n in columns])
            differ = differences(
                expected.select(columns).cast(schema), found.select(columns), sink.primary_key
            )
            if differ:
                broken.append(Broken("reconciled", _said(name, differ)))
        return broken


def _content(table: TableDescriptor) -> pa.Table:
    """What a sink holds for readers of what was committed."""
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used
    from tidemill.formats import FORMATS  # noqa: PLC0415

    options = dict(table.options)
    kafka = options["connector"] in ("kafka", "upsert-kafka")
    if kafka:
        options["scan.bounded.mode"] = "latest-offset"
        options["properties.isolation.level"] = "read_committed"
    if options["connector"] == "kafka":
        options["scan.startup.mode"] = "earliest-offset"
    read = replace(table, options=options)
    make = CONNECTORS[options["connector"]].source
    if make is None:
        raise ConnectorError(f"`{table.name}` cannot be read back", code="connector.path-refused")
    source = make(read, JobContext("chaos-check", FORMATS))
    batches: list[Batch] = []
    try:
        source.open({})
        while not source.finished():
            batches += [Batch(part.rows, part.kinds) for part in source.read(50_000, 1_000)]
    finally:
        source.close()
    return materialised(batches, table)


def _said(name: str, found: Differences) -> str:
    shown = [*found.missing_rows[:2], *found.unexpected_rows[:2], *found.different_rows[:2]]
    return (
        f"{name}: {found.missing} rows are missing, {found.unexpected} too many, "
        f"{found.different} different, such as {shown}"
    )
