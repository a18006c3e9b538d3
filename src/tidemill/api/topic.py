"""A Kafka topic from Python: look at its messages, write some, make and remove it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidemill.api.display import ROWS_MAX
from tidemill.api.live_display import EVERY_S, Frame, show_until
from tidemill.api.result import Result
from tidemill.connectors.kafka.records import NewRecord
from tidemill.control.topics import (
    Cluster,
    create_topic,
    delete_topics,
    describe_topic,
    list_topics,
    read_topic,
    write_topic,
)

if TYPE_CHECKING:
    from tidemill.connectors.kafka.admin import TopicDetail
    from tidemill.connectors.kafka.records import Record


class Topic:
    """One topic of the project's Kafka, or of the one at `bootstrap`.

    Reading is read_committed, in no consumer group, and leaves no trace.
    """

    def __init__(
        self, name: str, *, project: str | Path | None = None, bootstrap: str | None = None
    ) -> None:
        self.name = name
        self._cluster = Cluster(None if project is None else Path(project), bootstrap)

    def head(self, count: int = 10) -> Result:
        """The oldest messages of each partition, `count` in all at most."""
        return _result(islice(read_topic(self._cluster, self.name, offset=0), count))

    def tail(self, count: int = 10) -> Result:
        """The newest messages, `count` in all at most, ordered by their time."""
        records = self._newest(count)
        records.sort(key=lambda r: (r.timestamp_ms or 0, r.partition, r.offset))
        return _result(records[-count:])

    def sample(self, count: int = 100) -> Result:
        """Messages spread evenly over the newest of each partition, `count` in all at most."""
        records = self._newest(count)
        step = max(1, -(-len(records) // count))
        return _result(records[::step])

    def live(self, *, seconds: float | None = None, every_s: float = EVERY_S) -> None:
        """Show the newest messages in a notebook, drawn anew as others come."""
        show_until(self._frame, lambda: False, every_s, seconds)

    def _frame(self) -> Frame:
        newest = self.tail(ROWS_MAX).arrow()
        ends = sum(partition.end for partition in self.describe().partitions)
        return Frame(newest, f"the newest of {self.name}, which has reached {ends:,}")

    def _newest(self, count: int) -> list[Record]:
        """At least the newest `count` messages, as far as there are so many.

        Offsets are not messages: transactions and compaction leave gaps, so it looks further back
        until it has found enough.
        """
        longest = max((p.end - p.begin for p in self.describe().partitions), default=0)
        window = count
        while True:
            records = list(read_topic(self._cluster, self.name, offset=-window))
            if len(records) >= count or window >= longest:
                return records
            window *= 4

    def values(self, count: int = 100) -> Result:
        """The newest JSON objects as columns, types found by Arrow; others are left out."""
        objects = [_decoded(r["value"]) for r in self.tail(count).rows()]
        found = [value for value in objects if isinstance(value, dict)]
        return Result(pa.Table.from_pylist(found))

    def write(self, rows: Iterable[Mapping[str, Any] | str | bytes]) -> int:
        """Write messages: mappings as JSON, texts and bytes as they are; returns how many."""
        records = (NewRecord(_encoded(row)) for row in rows)
        return write_topic(self._cluster, self.name, records)

    def create(self, *, partitions: int = 1, **settings: str) -> Topic:
        """Create it; `_` in a setting stands for `.`: `cleanup_policy="compact"`."""
        names = {key.replace("_", "."): value for key, value in settings.items()}
        create_topic(self._cluster, self.name, partitions=partitions, replication=1, settings=names)
        return self

    def delete(self) -> None:
        """Delete it with all its messages."""
        delete_topics(self._cluster, [self.name])

    def describe(self) -> TopicDetail:
        """Its partitions and settings."""
        return describe_topic(self._cluster, self.name)

    def __repr__(self) -> str:
        return f"Topic({self.name!r})"


def topics(*, project: str | Path | None = None, bootstrap: str | None = None) -> list[str]:
    """The names of the topics."""
    cluster = Cluster(None if project is None else Path(project), bootstrap)
    return [info.name for info in list_topics(cluster)]


def _result(records: Iterable[Record]) -> Result:
    found = list(records)
    return Result(
        pa.table(
            {
                "partition": pa.array([r.partition for r in found], pa.int32()),
                "offset": pa.array([r.offset for r in found], pa.int64()),
                "timestamp": pa.array([r.timestamp_ms for r in found], pa.timestamp("ms", "UTC")),
                "key": pa.array([_text(r.key) for r in found], pa.string()),
                "value": pa.array([_text(r.value) for r in found], pa.string()),
            }
        )
    )


def _text(value: bytes | None) -> str | None:
    """Text as it is; what is no UTF-8 as hexadecimal digits."""
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "0x" + value.hex()


def _decoded(value: str | None) -> Any:
    try:
        return None if value is None else json.loads(value)
    except ValueError:
        return None


def _encoded(row: Mapping[str, Any] | str | bytes) -> bytes:
    if isinstance(row, bytes):
        return row
    return (row if isinstance(row, str) else json.dumps(dict(row))).encode()
