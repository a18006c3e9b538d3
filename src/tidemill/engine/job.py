"""What an engine runs, the same across its lives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from tidemill.engine.clock import Clock
from tidemill.engine.crew import Crew, Threads
from tidemill.engine.epoch_stats import EpochStats
from tidemill.engine.groups import GroupSpec
from tidemill.engine.kernel import Kernel
from tidemill.engine.routing import Collect
from tidemill.engine.samples import Sampler
from tidemill.engine.settings import EngineSettings
from tidemill.engine.times import EngineTimes
from tidemill.engine.traces import EpochTraces
from tidemill.interfaces.lookup import Lookup
from tidemill.interfaces.source import Source
from tidemill.plan.physical import PhysicalPlan
from tidemill.records import dataclass


@dataclass(slots=True)
class Job:
    """Everything that stays the same across sessions."""

    plan: PhysicalPlan
    name: str
    sources: Mapping[str, Callable[[], Source]]
    groups: Sequence[GroupSpec]
    dead_letter_table: str | None
    late_tables: Mapping[str, str]
    checkpoint_dir: Path
    settings: EngineSettings
    clock: Clock
    collect: Collect | None
    durable: bool = True
    kernel: Kernel | None = None
    lookups: Mapping[str, Callable[[], Lookup]] = field(default_factory=dict)
    epochs: EpochStats = field(default_factory=EpochStats)
    times: EngineTimes = field(default_factory=EngineTimes)
    traces: EpochTraces = field(default_factory=EpochTraces)
    samples: Sampler = field(default_factory=Sampler)
    crew: Crew = field(default_factory=Threads)
    stopping: threading.Event = field(default_factory=threading.Event)
