"""What a running job does now, from the JobManager's REST interface.

Guarantees: counts are those of the sources and of the writers of sinks, since the job's start or
its last restart. Non-guarantees: Flink gathers metrics about every 10 seconds, so they lag; a job
that has ended has none.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tidemill.records import dataclass

Get = Callable[[str], Any]

_SOURCE_OUT = re.compile(r"^Source__.*\.numRecordsOut$")
_SINK_IN = re.compile(r"(?:^|_)(?:Writer|Sink__.*)\.numRecordsIn$")
_SINK_WATERMARK = re.compile(r"(?:^|_)(?:Writer|Sink__.*)\.currentInputWatermark$")
_NO_WATERMARK = -(2**62)
_LEVELS = ("ok", "low", "high")


@dataclass(frozen=True, slots=True)
class JobMetrics:
    """One moment of a running job.

    `watermark_ms` is the lowest of the sinks, in milliseconds since 1970; `backpressure` is the
    worst level (ok, low, high) and `busiest` the operator chain that is busiest, with its share of
    the time; `checkpoint_ms` is how long the last checkpoint took, `state_bytes` its size.
    """

    rows_in: int
    rows_out: int
    watermark_ms: int | None
    backpressure: str
    busiest: str | None
    busy: float
    restarts: int
    checkpoints: int
    checkpoints_failed: int
    checkpoint_ms: int | None
    state_bytes: int | None


def read_metrics(get: Get, job_id: str, vertices: Iterable[Mapping[str, Any]]) -> JobMetrics:
    """Ask for all of them.

    Args:
        get: GETs a path of the JobManager and gives its JSON.
        job_id: the job.
        vertices: its vertices, as the job's own answer has them.
    """
    rows_in = rows_out = level = 0
    watermarks: list[int] = []
    busiest, busy = None, 0.0
    for vertex in vertices:
        base = f"/jobs/{job_id}/vertices/{vertex['id']}"
        values = _values(get, base)
        rows_in += sum(int(v["sum"]) for n, v in values.items() if _SOURCE_OUT.search(n))
        rows_out += sum(int(v["sum"]) for n, v in values.items() if _SINK_IN.search(n))
        watermarks += [int(v["min"]) for n, v in values.items() if _SINK_WATERMARK.search(n)]
        pressure = get(f"{base}/backpressure")
        level = max(level, _level(pressure))
        share = max((_share(s.get("busyRatio")) for s in pressure.get("subtasks", ())), default=0)
        if share > busy:
            busiest, busy = str(vertex["name"]), share
    known = [mark for mark in watermarks if mark > _NO_WATERMARK]
    restarts = {m["id"]: m["value"] for m in get(f"/jobs/{job_id}/metrics?get=numRestarts")}
    points = get(f"/jobs/{job_id}/checkpoints")
    last = (points.get("latest") or {}).get("completed") or {}
    return JobMetrics(
        rows_in,
        rows_out,
        min(known) if known and len(known) == len(watermarks) else None,
        _LEVELS[level],
        busiest,
        round(busy, 3),
        int(restarts.get("numRestarts", 0)),
        int(points["counts"]["completed"]),
        int(points["counts"]["failed"]),
        int(last["end_to_end_duration"]) if last else None,
        int(last["state_size"]) if last else None,
    )


def _values(get: Get, base: str) -> dict[str, Mapping[str, Any]]:
    """The metrics of a vertex that count here, over its subtasks, by name."""
    wanted = (_SOURCE_OUT, _SINK_IN, _SINK_WATERMARK)
    listed = [str(metric["id"]) for metric in get(f"{base}/subtasks/metrics")]
    names = [name for name in listed if any(pattern.search(name) for pattern in wanted)]
    if not names:
        return {}
    query = urllib.parse.quote(",".join(names))
    return {metric["id"]: metric for metric in get(f"{base}/subtasks/metrics?get={query}")}


def _level(pressure: Mapping[str, Any]) -> int:
    level = str(pressure.get("backpressureLevel", "ok"))
    return _LEVELS.index(level) if level in _LEVELS else 0


def _share(ratio: Any) -> float:
    """A share of the time; sources of old kinds have none (NaN)."""
    try:
        share = float(ratio)
    except (TypeError, ValueError):
        return 0.0
    return share if 0 <= share <= 1 else 0.0
