"""What reads assigned partitions: the native crate or the Python client, by one interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from confluent_kafka import KafkaError

from tidemill.connectors.kafka.repeats import Repeats
from tidemill.connectors.kafka.rows import Assembled
from tidemill.connectors.kafka.startup import Partition
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """What one read took from one partition.

    `messages` are kept by the Python client only; `trace` is the trace context of a new one.
    """

    at: Partition
    assembled: Assembled
    records: int
    next_offset: int
    newest_ms: int | None
    messages: Sequence[Any] | None = None
    trace: bytes | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error of a partition or of the client, or the end of a partition, with its offset."""

    at: Partition
    error: KafkaError
    offset: int


class PartitionReader(Protocol):
    """Reads one table's partitions; used from the source's thread."""

    def open(self, config: Mapping[str, Any], consumer: Any) -> None:
        """Begin; `consumer` is the table's client, which asks the cluster all else.

        `error_cb` of `config` is told what the client says of the cluster, within `read`.
        """
        ...

    def assign(self, partitions: Mapping[Partition, tuple[int, int | None]]) -> None:
        """Read these partitions too, each from its offset, to before its end if it has one."""
        ...

    def unassign(self, partitions: Sequence[Partition]) -> None:
        """Read these partitions no more."""
        ...

    def read(
        self, rows_max: int, timeout_s: float, repeats: Callable[[Partition], Repeats | None]
    ) -> tuple[list[Run], list[Trouble]]:
        """What is there; `repeats` tells changes of a partition that come a second time."""
        ...

    def end_offset(self, at: Partition) -> int | None:
        """The newest end that the broker told."""
        ...

    def close(self) -> None:
        """Give everything of its own back."""
        ...
