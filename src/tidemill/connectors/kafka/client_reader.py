"""Reading by confluent-kafka's consumer: what the native crate does not serve, or without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import Message, TopicPartition

from tidemill.connectors.kafka.client import guarded
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.connectors.kafka.partition_reader import Run, Trouble
from tidemill.connectors.kafka.repeats import Repeats
from tidemill.connectors.kafka.rows import RowAssembler, headers_of
from tidemill.connectors.kafka.startup import Partition
from tidemill.model.trace_context import TRACEPARENT

_FILL_SECONDS = 0.002
"""How long a read waits for more when much is known to be waiting."""
_TRACED_MAX = 8
"""Among so many of the newest messages of a run a trace context is looked for."""


class ClientReader:
    """Reads messages as Python objects; see `PartitionReader`."""

    def __init__(self, table: KafkaTable, assembler: RowAssembler, *, traced: bool) -> None:
        self._table = table
        self._assembler = assembler
        self._traced = traced
        self._consumer: Any = None
        self._next: dict[Partition, int] = {}
        self._ends: dict[Partition, int | None] = {}

    def open(self, config: Mapping[str, Any], consumer: Any) -> None:
        """Read by the table's own client."""
        self._consumer = consumer

    def assign(self, partitions: Mapping[Partition, tuple[int, int | None]]) -> None:
        """Read these partitions too, each from its offset, to before its end if it has one."""
        wanted = []
        for at, (first, end) in partitions.items():
            wanted.append(TopicPartition(*at, first))
            self._next[at], self._ends[at] = first, end
        self._guarded("assign partitions", lambda: self._consumer.incremental_assign(wanted))

    def unassign(self, partitions: Sequence[Partition]) -> None:
        """Read these partitions no more."""
        if partitions:
            self._consumer.incremental_unassign([TopicPartition(*at) for at in partitions])
        for at in partitions:
            del self._next[at], self._ends[at]

    def read(
        self, rows_max: int, timeout_s: float, repeats: Callable[[Partition], Repeats | None]
    ) -> tuple[list[Run], list[Trouble]]:
        """What is there; `repeats` tells changes of a partition that come a second time."""
        runs: dict[Partition, list[Message]] = {}
        troubles: list[Trouble] = []
        for message in self._consume(rows_max, timeout_s):
            error = message.error()
            if error is not None:
                troubles.append(Trouble(_place(message), error, _offset(message)))
                continue
            place = _place(message)
            if place in self._next:
                runs.setdefault(place, []).append(message)
        return [self._run(at, run, repeats(at)) for at, run in runs.items()], troubles

    def end_offset(self, at: Partition) -> int | None:
        """The newest end that the broker told."""
        known = self._consumer.get_watermark_offsets(TopicPartition(*at), cached=True)
        return None if known is None or known[1] < 0 else int(known[1])

    def close(self) -> None:
        """Nothing: the client is the table's."""

    def _consume(self, rows_max: int, timeout_s: float) -> list[Message]:
        """The first message may be waited for; the others are those that are there."""
        consume = self._consumer.consume
        messages: list[Message] = self._guarded("read", lambda: consume(1, timeout_s))
        if messages and rows_max > 1:
            messages += consume(rows_max - 1, 0)
            if len(messages) < rows_max and self._waiting() > rows_max:
                messages += consume(rows_max - len(messages), _FILL_SECONDS)
        return messages

    def _waiting(self) -> int:
        """About how many messages the broker has that were not read, as far as it said."""
        ends = {at: self.end_offset(at) for at in self._next}
        return sum(max(0, (ends[at] or 0) - max(0, first)) for at, first in self._next.items())

    def _run(self, at: Partition, run: list[Message], repeats: Repeats | None) -> Run:
        end = self._ends[at]
        following = _offset(run[-1]) + 1
        if end is not None and following > end:
            run = [message for message in run if _offset(message) < end]
            following = end
        self._next[at] = following
        return Run(
            at,
            self._assembler.assemble(run, repeats),
            len(run),
            following,
            run[-1].timestamp()[1] if run else None,
            run,
            _trace(run) if self._traced else None,
        )

    def _guarded(self, what: str, act: Callable[[], Any]) -> Any:
        return guarded(what, self._table.bootstrap, act)


def _place(message: Message) -> Partition:
    return str(message.topic()), int(message.partition() or 0)


def _offset(message: Message) -> int:
    offset = message.offset()
    return -1 if offset is None else offset


def _trace(run: list[Message]) -> bytes | None:
    """The trace context of the newest message of a run that has one among its last few."""
    for message in run[: -_TRACED_MAX - 1 : -1]:
        for name, value in headers_of(message):
            if name == TRACEPARENT and isinstance(value, bytes):
                return value
    return None
