"""How the pipelines of a project are: what each published last, and whether it still runs.

Reading never waits for a pipeline and never disturbs it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tidemill.control.live_state import epoch_age_s, read_live
from tidemill.control.plan_graph import edge_rows
from tidemill.control.watermark_text import as_dict as diagnosis_as_dict
from tidemill.control.watermark_text import sentences
from tidemill.control.watermarks import Diagnosis, diagnose
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.engine.observation import Observation
from tidemill.project import Project
from tidemill.records import dataclass

STALE_S = 5.0
"""A running pipeline that has published nothing for so long is busy with something long."""


@dataclass(frozen=True, slots=True)
class PipelineState:
    """One pipeline.

    `state` is running, recovering, stopped, finished, failed, killed (its process ended without a
    word), or never-run. `live` is what it published last, None where it never ran. `now_ms` is
    the moment of this look.
    """

    name: str
    file: Path | None
    state: str
    pid: int | None
    now_ms: int
    live: Mapping[str, Any] | None

    @property
    def runs(self) -> bool:
        """Whether a process runs it now."""
        return self.pid is not None

    @property
    def counters(self) -> Mapping[str, int]:
        """The row accounting."""
        return {} if self.live is None else self.live["counters"]

    def number(self, key: str) -> Any:
        """A value of what was published; None where there is none."""
        return None if self.live is None else self.live.get(key)

    def rate(self, key: str) -> float:
        """Rows per second; 0 where it does not run."""
        return float(self.number(key) or 0.0) if self.runs else 0.0

    @property
    def epoch_age_s(self) -> float | None:
        """Since the last commit of this run; None where none was, or it does not run."""
        return epoch_age_s(self.live, self.now_ms) if self.runs and self.live else None

    @property
    def watermark_lag_s(self) -> float | None:
        """How far the slowest source's watermark stands behind the wall clock."""
        marks = self.watermark_lags_s().values()
        return max(marks) if marks else None

    @property
    def newest_lag_s(self) -> float | None:
        """How far the newest event time in any row lies behind the wall clock; below zero: ahead.

        Of rows since this run began; None where none came, or no table has event time.
        """
        observed: Mapping[str, Any] = self.number("observed") or {}
        times = [s["newest_us"] for s in observed.get("sources", ()) if s.get("newest_us")]
        return (self.now_ms - max(times) / 1000) / 1000 if times else None

    def watermark_lags_s(self) -> dict[str, float]:
        """The same for each source that has a watermark and has not ended."""
        marks: Mapping[str, int | None] = self.number("watermarks_ms") or {}
        return {
            table: (self.now_ms - mark) / 1000
            for table, mark in marks.items()
            if mark is not None and mark < 1 << 53
        }

    @property
    def lag_s(self) -> float | None:
        """Consumer lag in seconds, of the slowest source."""
        lags: Mapping[str, float] = self.number("lag_s") or {}
        return max(lags.values()) if lags and self.runs else None

    def diagnosis(self) -> Diagnosis | None:
        """What the watermark doctor says."""
        observed = self.number("observed")
        if observed is None:
            return None
        seen = Observation.from_dict(observed)
        now_ms = max(self.now_ms, seen.at_ms) if self.runs else seen.at_ms
        return diagnose(seen, self.counters, now_ms)

    def sentences(self) -> list[str]:
        """The watermark doctor's findings, for a person."""
        found = self.diagnosis()
        return [] if found is None or not found.sources else sentences(found)

    def graph(self) -> dict[str, Any]:
        """The plan's nodes, with their state's size, and edges, with the rows so far."""
        found = self.number("graph")
        if found is None:
            return {"nodes": [], "edges": []}
        rows = edge_rows(found, self.counters)
        sizes: Mapping[str, int] = self.number("operator_state_bytes") or {}
        return {
            "nodes": [{**node, "state_bytes": sizes.get(node["id"])} for node in found["nodes"]],
            "edges": [
                {**edge, "rows": count} for edge, count in zip(found["edges"], rows, strict=True)
            ],
        }

    def as_dict(self, *, full: bool = False) -> dict[str, Any]:
        """For `--json` and the API; `full` with counters, graph and the doctor's findings."""
        live = self.live or {}
        short = {
            "name": self.name,
            "file": None if self.file is None else str(self.file),
            "state": self.state,
            "pid": self.pid,
            "started_at_ms": live.get("started_at_ms") if self.runs else None,
            "at_ms": live.get("at_ms"),
            "epoch": live.get("epoch"),
            "epoch_age_s": self.epoch_age_s,
            **{key: live.get(key) for key in _COUNTS},
            "rows_in_per_s": self.rate("rows_in_per_s"),
            "rows_out_per_s": self.rate("rows_out_per_s"),
            "lag": live.get("lag"),
            "lag_s": self.lag_s,
            "watermark_lag_s": self.watermark_lag_s,
            "newest_lag_s": self.newest_lag_s if self.runs else None,
            "watermarks_ms": live.get("watermarks_ms"),
            "restarts": live.get("restarts"),
            "error": live.get("error") or live.get("last_error"),
        }
        if not full:
            return short
        found = self.diagnosis()
        return {
            **short,
            "lags": live.get("lags"),
            "epochs": live.get("epochs"),
            "counters": dict(self.counters),
            "operator_state_bytes": live.get("operator_state_bytes"),
            "last_rejected": live.get("last_rejected"),
            "graph": self.graph(),
            "sentences": self.sentences(),
            "event_time": None if found is None else diagnosis_as_dict(found),
        }


_COUNTS = ("rows_in", "rows_out", "rows_late", "rows_rejected", "rows_filtered", "state_bytes")


def pipeline_states(project: Project) -> list[PipelineState]:
    """Every pipeline of the project file, and those that ran here without being in it."""
    files: dict[str, Path | None] = {p.name: p.path for p in project.pipelines()}
    folder = project.state_dir / "pipelines"
    if folder.is_dir():
        ran = sorted(one.name for one in folder.iterdir() if read_live(one) is not None)
        files |= {name: None for name in ran if name not in files}
    return [_state(project, name, file) for name, file in files.items()]


def pipeline_state(project: Project, wanted: str) -> PipelineState:
    """One pipeline, by name or path; raises ProjectError where there is none."""
    for state in pipeline_states(project):
        if state.name == wanted:
            return state
    pipeline = project.pipeline(wanted)
    return _state(project, pipeline.name, pipeline.path)


def _state(project: Project, name: str, file: Path | None) -> PipelineState:
    folder = project.state_dir / "pipelines" / name
    live = read_live(folder)
    pid = CheckpointStore(folder / "checkpoints").owner()
    said = "never-run" if live is None else str(live["state"])
    now_ms = round(time.time() * 1000)
    if pid is None:
        if said in ("new", "running", "recovering"):
            said = "failed" if live is not None and live.get("error") else "killed"
    elif live is None or live["pid"] != pid or said == "new":
        said = "running"
    return PipelineState(name, file, said, pid, now_ms, live)
