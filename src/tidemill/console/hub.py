"""What all pages and routes share: the project, the clients' defaults, and a short history.

The history is sampled from what pipelines publish, at one look a second while somebody looks at a
page, else one in ten seconds; it is kept for a quarter of an hour.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.console.group_history import EVERY_S, GroupHistory
from tidemill.console.security.guard import Gate
from tidemill.control.connectors import Connect
from tidemill.control.masks import Masks
from tidemill.control.message_schemas import MessageSchemas
from tidemill.control.pipeline_states import PipelineState, pipeline_states
from tidemill.control.project_context import open_project
from tidemill.control.schemas import registry_of
from tidemill.control.topic_admin import topic_schemas
from tidemill.control.topics import Cluster
from tidemill.errors import TidemillError
from tidemill.project import Project
from tidemill.records import dataclass

if TYPE_CHECKING:
    from tidemill.formats.schema_registry.client import SchemaRegistry

HISTORY_S = 900
LOOKED_AT_S = 15.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a pipeline."""

    at_ms: int
    rows_in_per_s: float
    rows_out_per_s: float
    lag: int | None
    watermark_ms: int | None
    watermark_lag_s: float | None
    newest_lag_s: float | None
    """How far the newest event time in any row lies behind the clock; below zero: ahead."""
    rows_late: int | None
    """None while a run is still finding out what was counted before it."""
    edges: tuple[int, ...]


@dataclass
class Hub:
    """The console's own state; `folder` is the project's folder."""

    folder: Path | None
    gate: Gate
    groups: GroupHistory = field(default_factory=GroupHistory)
    _history: dict[str, deque[Sample]] = field(default_factory=dict)
    _looked_s: float = 0.0
    _stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def project(self) -> Project:
        """The project as its file is now."""
        return open_project(self.folder, needed=False)

    @property
    def cluster(self) -> Cluster:
        """The project's Kafka."""
        return Cluster(self.folder)

    @property
    def connect(self) -> Connect:
        """The project's Kafka Connect."""
        return Connect(self.folder)

    @property
    def masks(self) -> Masks:
        """What hides the columns that the project marks as personal."""
        return Masks(tuple(self.project.settings.personal))

    @property
    def registry(self) -> SchemaRegistry:
        """The project's schema registry; raises UserError where it does not run."""
        return registry_of(self.folder, None)

    def schemas(self, topic: str) -> MessageSchemas:
        """What is known of the schemas of a topic's messages."""
        return topic_schemas(self.project, topic)

    def look(self) -> None:
        """Somebody looks at a page now."""
        self._looked_s = time.monotonic()

    def history(self, pipeline: str) -> list[Sample]:
        """The looks at a pipeline, oldest first."""
        return list(self._history.get(pipeline, ()))

    def start(self) -> None:
        """Begin to sample, in threads of their own: a slow Kafka must not stop the rest."""
        threading.Thread(target=self._sample_on, name="console-history", daemon=True).start()
        threading.Thread(target=self._groups_on, name="console-groups", daemon=True).start()

    def stop(self) -> None:
        """Sample no more."""
        self._stopped.set()

    def sample(self) -> None:
        """Look at all pipelines once."""
        for state in pipeline_states(self.project):
            if state.live is not None:
                kept = self._history.setdefault(state.name, deque(maxlen=HISTORY_S))
                kept.append(_sample(state))

    def _sample_on(self) -> None:
        while not self._stopped.wait(1.0):
            seen = time.monotonic() - self._looked_s < LOOKED_AT_S
            if not seen and int(time.monotonic()) % 10:
                continue
            try:
                self.sample()
            except TidemillError:
                continue  # a project file that is being edited; the pages say so

    def _groups_on(self) -> None:
        while not self._stopped.wait(EVERY_S):
            with contextlib.suppress(TidemillError):  # Kafka may be down; the page says so
                self.groups.sample(self.cluster)


def _sample(state: PipelineState) -> Sample:
    marks: dict[str, Any] = state.number("watermarks_ms") or {}
    known = [mark for mark in marks.values() if mark is not None]
    return Sample(
        state.now_ms,
        state.rate("rows_in_per_s"),
        state.rate("rows_out_per_s"),
        state.number("lag"),
        min(known) if known else None,
        state.watermark_lag_s if state.runs else None,
        state.newest_lag_s if state.runs else None,
        None if state.state in ("recovering", "starting") else state.number("rows_late"),
        tuple(edge["rows"] for edge in state.graph()["edges"]),
    )
