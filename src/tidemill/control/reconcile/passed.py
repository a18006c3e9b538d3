"""Whether a pipeline has brought its sinks up to a place in a source's log.

A table of `postgres-cdc` keeps its place in the log with each epoch. (Its slot is confirmed some
epochs later.) Behind a topic of Debezium the connector's slot says up to where changes stand in the
topic; the pipeline then has to come to where the topic ended at that moment. Either counts once the
sinks have the epoch.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from tidemill.connectors.jdbc.keyed_sums import KeyedSums
from tidemill.connectors.kafka.topic_facts import end_offsets
from tidemill.connectors.postgres_cdc.position import PARTITION
from tidemill.control.account import committed_epoch, next_offset
from tidemill.control.cdc.captured import connectors_of, topic_tables, topics_of
from tidemill.control.cdc.readers import CONNECTOR_NAME
from tidemill.control.live_state import read_live
from tidemill.control.pipeline import CompiledPipeline, opened
from tidemill.control.why_not.ask import cluster_of
from tidemill.errors import UserError
from tidemill.model import TableDescriptor
from tidemill.model.lsn import lsn_of
from tidemill.project import Project
from tidemill.records import dataclass


@dataclass(slots=True)
class Passed:
    """Asks the epochs, the slots and the topics; what is known of a place is remembered."""

    project: Project
    name: str
    source: KeyedSums
    slots: tuple[str, ...]
    topics: tuple[TableDescriptor, ...]
    captured: tuple[str, ...]
    """The tables of `postgres-cdc`."""
    _ends: dict[int, dict[tuple[str, str, int], int]] = field(default_factory=dict)
    _epochs: dict[int, int] = field(default_factory=dict)
    """The epoch that was the first seen to hold everything before a place."""

    def __call__(self, lsn: int) -> bool:
        """Whether the sinks have everything before this place; never waits."""
        if not any(known >= lsn for known in self._epochs):
            if (epoch := self._epoch_of(lsn)) is None:
                return False
            self._epochs[lsn] = epoch
        epoch = self._epochs[min(known for known in self._epochs if known >= lsn)]
        # The newest checkpoint may still be on its way into the sinks.
        return int(self._live().get("epoch") or 0) >= epoch

    def _epoch_of(self, lsn: int) -> int | None:
        if not any(known >= lsn for known in self._ends):
            confirmed = self.source.confirmed_lsn(self.slots) if self.slots else lsn
            if confirmed is None or confirmed < lsn:
                return None
            self._ends[lsn] = self._topic_ends()
        ends = self._ends[min(known for known in self._ends if known >= lsn)]
        try:
            epoch, positions = committed_epoch(self.project, self.name)
        except UserError:
            return None
        taken = all(_place(positions.get(table, {})) >= lsn for table in self.captured)
        return epoch if taken and _read(ends, positions, self._live()) else None

    def _live(self) -> dict[str, Any]:
        return read_live(self.project.state_dir / "pipelines" / self.name) or {}

    def _topic_ends(self) -> dict[tuple[str, str, int], int]:
        found: dict[tuple[str, str, int], int] = {}
        for table in self.topics:
            admin = cluster_of(self.project, table).admin()
            topics = table.options["topic"].split(";")
            parts = {topic: len(admin.describe(topic).partitions) for topic in topics}
            for (topic, part), end in end_offsets(admin, parts, read_committed=True).items():
                found[table.name, topic, part] = end
        return found


def passed_by(project: Project, name: str, compiled: CompiledPipeline, source: KeyedSums) -> Passed:
    """How to ask for this pipeline; UserError where no slot is known that its rows come through."""
    tables = [opened(stage.table, compiled.source, project.root) for stage in compiled.plan.sources]
    topics = topic_tables(compiled, project)
    captured = tuple(t.name for t in tables if t.options["connector"] == CONNECTOR_NAME)
    slots = [one.slot for one in connectors_of(project, topics_of(topics))]
    if not captured and not slots:
        raise UserError(
            f"no replication slot is known that the rows of the pipeline `{name}` come through",
            code="reconcile.not-live",
            hint="Its sources have to be of postgres-cdc, or topics that a connector of this "
            "project's Kafka Connect writes, which has to run. Or let the pipeline catch up, and "
            "compare without --live.",
        )
    return Passed(project, name, source, tuple(dict.fromkeys(slots)), tuple(topics), captured)


def _place(positions: Any) -> int:
    """The place in the log before which a table is taken; none as long as its snapshot is read."""
    at = positions.get(PARTITION)
    return lsn_of(at["lsn"]) if isinstance(at, dict) and "after" not in at else -1


def _read(ends: dict[tuple[str, str, int], int], positions: Any, live: Any) -> bool:
    """Whether the topics are read up to there; a topic's last record may be a marker."""
    return all(
        (upto := _upto(positions.get(table, {}), topic, part)) >= end
        or (upto >= end - 1 and not any(live.get("lags", {}).get(table, {}).values()))
        for (table, topic, part), end in ends.items()
    )


def _upto(positions: Any, topic: str, partition: int) -> int:
    at = positions.get(str(partition), positions.get(f"{topic}:{partition}"))
    return next_offset(at) or 0
