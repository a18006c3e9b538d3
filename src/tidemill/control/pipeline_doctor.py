"""Use case `doctor PIPELINE`: how event time stands in a pipeline, running or not.

It reads the pipeline's last checkpoint and changes nothing, so it may run beside the pipeline.
Non-guarantee: what has happened since that checkpoint, at most about a second while rows flow.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tidemill.control.newest_manifest import newest_manifest
from tidemill.control.project_context import project_for
from tidemill.control.run import only_pipeline
from tidemill.control.watermark_text import as_dict, duration, sentences
from tidemill.control.watermarks import Diagnosis, diagnose
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.engine.observation import Observation
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """What was found; `pid` is the process that runs the pipeline, `epoch` the last one seen."""

    pipeline: str
    pid: int | None
    epoch: int | None
    diagnosis: Diagnosis | None

    def sentences(self) -> list[str]:
        """For a person."""
        runs = f"runs (process {self.pid})" if self.pid is not None else "does not run"
        if self.epoch is None:
            why = "no row has come yet" if self.pid is not None else "it has not run here yet"
            return [f"{self.pipeline} {runs} and has committed no epoch: {why}."]
        if self.diagnosis is None:
            return [
                f"{self.pipeline} {runs}; its last epoch {self.epoch} was written by an older "
                "version and says nothing about event time. Run it once."
            ]
        if not self.diagnosis.sources:
            return [f"{self.pipeline} {runs}; no table of it has a watermark."]
        ago = round(time.time() * 1000) - self.diagnosis.now_ms
        then = f"; this is how it stood {duration(ago)} ago" if self.pid is None else ""
        return [f"{self.pipeline} {runs}{then}.", *sentences(self.diagnosis)]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "pipeline": self.pipeline,
            "running": self.pid is not None,
            "pid": self.pid,
            "epoch": self.epoch,
            "sentences": self.sentences(),
            **({} if self.diagnosis is None else as_dict(self.diagnosis)),
        }


def pipeline_doctor(wanted: str | None, folder: Path | None = None) -> PipelineReport:
    """Look at one pipeline, given by name or path."""
    project = project_for(wanted or "", folder)
    pipeline = project.pipeline(wanted if wanted is not None else only_pipeline(project, folder))
    store = CheckpointStore(project.state_dir / "pipelines" / pipeline.name / "checkpoints")
    pid = store.owner()
    manifest = newest_manifest(store)
    if manifest is None:
        return PipelineReport(pipeline.name, pid, None, None)
    observed = manifest.get("observed")
    diagnosis = None
    if observed:
        seen = Observation.from_dict(observed)
        now_ms = round(time.time() * 1000) if pid is not None else seen.at_ms
        diagnosis = diagnose(seen, manifest["counters"], max(now_ms, seen.at_ms))
    return PipelineReport(pipeline.name, pid, manifest["epoch"], diagnosis)
