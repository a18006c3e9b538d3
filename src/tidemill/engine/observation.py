"""Where event time stands and what waits for it, as plain data: what the watermark doctor reads.

It is part of every checkpoint, so that it can be read of a pipeline that runs in another process,
and of one that has stopped. Times are epoch microseconds where they are event time, and epoch
milliseconds where they are the wall clock's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class PartitionTime:
    """One partition: its watermark (None: no row yet), and when its last row came.

    `rows` False: none came since the engine started, at `seen_at_ms`.
    """

    watermark_us: int | None
    seen_at_ms: int
    rows: bool
    idle: bool


@dataclass(frozen=True, slots=True)
class SourceTime:
    """One source table with event time; `delay_us` where the watermark is its rowtime less that."""

    table: str
    rowtime: str
    delay_us: int | None
    idle_timeout_ms: int | None
    watermark_us: int | None
    ended: bool
    partitions: Mapping[str, PartitionTime]
    newest_us: int | None = None
    """The newest event time in a row since the engine started; None: no row yet. Rows for which the
    watermark's expression gives NULL are left out: it says that their time is none to go by."""


@dataclass(frozen=True, slots=True)
class WaitingOperator:
    """An operator that holds something until event time comes to `needs_us`.

    `sources` are the tables it reads, each with the watermark that it must reach for that.
    `window_us` is the begin and end of the window that comes out next, if there is one.
    """

    operator: str
    title: str
    keys: tuple[str, ...]
    needs_us: int
    reached_us: int | None
    window_us: tuple[int, int] | None
    sources: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Observation:
    """One moment of a running engine."""

    at_ms: int
    sources: tuple[SourceTime, ...]
    waiting: tuple[WaitingOperator, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON data, for a checkpoint; made at every epoch, so it is made quickly."""
        return {
            "at_ms": self.at_ms,
            "sources": [_source_data(source) for source in self.sources],
            "waiting": [asdict(waiting) for waiting in self.waiting],
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Observation:
        """The observation of a checkpoint."""
        return Observation(
            data["at_ms"],
            tuple(
                SourceTime(
                    **{
                        **source,
                        "partitions": {
                            name: PartitionTime(*part)
                            for name, part in source["partitions"].items()
                        },
                    }
                )
                for source in data["sources"]
            ),
            tuple(
                WaitingOperator(
                    **{
                        **waiting,
                        "keys": tuple(waiting["keys"]),
                        "window_us": waiting["window_us"] and tuple(waiting["window_us"]),
                    }
                )
                for waiting in data["waiting"]
            ),
        )


def _source_data(source: SourceTime) -> dict[str, Any]:
    return {
        "table": source.table,
        "rowtime": source.rowtime,
        "delay_us": source.delay_us,
        "idle_timeout_ms": source.idle_timeout_ms,
        "watermark_us": source.watermark_us,
        "ended": source.ended,
        "newest_us": source.newest_us,
        "partitions": {
            name: (part.watermark_us, part.seen_at_ms, part.rows, part.idle)
            for name, part in source.partitions.items()
        },
    }
