"""The thread that reads one source, and the inbox where the compute thread finds what was read.

The inbox is bounded: a reader that is ahead waits, so memory stays flat. What waits there is
handed out as one batch, so batches grow with the load and stay small when there is little.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from time import monotonic

from tidemill.engine.settings import EngineSettings
from tidemill.engine.worker import Aborted, Failure
from tidemill.errors import ConnectorError
from tidemill.interfaces.source import ConfirmingSource, PartitionBatch, Source
from tidemill.model import Position
from tidemill.records import dataclass


@dataclass(slots=True)
class _Queue:
    items: deque[PartitionBatch]
    rows: int = 0
    bytes: int = 0
    partitions: tuple[str, ...] = ()
    finished: bool = False
    caught_up: bool = False
    blocked: bool = False
    known: bool = False
    lags: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    in_hand: dict[str, int] = field(default_factory=dict)
    """Records that were taken, and not worked through yet."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the compute thread takes from one source at once."""

    source: str
    slices: Sequence[PartitionBatch]
    partitions: tuple[str, ...]
    finished: bool
    caught_up: bool
    blocked: bool


class Inbox:
    """Bounded queues, one per source, and one condition for all of them."""

    def __init__(
        self,
        sources: Sequence[str],
        settings: EngineSettings,
        failure: Failure,
        blocked: Callable[[str, float], None] = lambda _source, _seconds: None,
    ) -> None:
        self._blocked = blocked
        self._queues = {name: _Queue(deque()) for name in sources}
        self._order = deque(sources)
        self._rows_max, self._bytes_max = settings.rows_max, settings.batch_bytes_max
        self._failure = failure
        self._condition = threading.Condition()
        self._closed = False
        failure.on_set(self.wake)

    def put(self, source: str, slices: Sequence[PartitionBatch]) -> None:
        """Hand over what was read; waits while a full batch is waiting already."""
        rows, size = _size(slices)
        with self._condition:
            queue = self._queues[source]
            while self._full(queue) and not self._closed:
                queue.blocked = True
                begun = monotonic()
                self._condition.wait(0.5)
                self._blocked(source, monotonic() - begun)
                self._failure.check()
            if self._closed:
                raise Aborted
            queue.items.extend(slices)
            queue.rows += rows
            queue.bytes += size
            for piece in slices:
                if piece.lag is not None:
                    queue.lags[piece.partition] = piece.lag
                before = queue.waiting.get(piece.partition, 0)
                queue.waiting[piece.partition] = before + piece.records
            self._condition.notify_all()

    def has_room(self, source: str) -> bool:
        """Whether `put` would not wait now; where it would, the source counts as held up."""
        with self._condition:
            queue = self._queues[source]
            full = self._full(queue)
            queue.blocked = queue.blocked or full
            return not full

    def _full(self, queue: _Queue) -> bool:
        return queue.rows >= self._rows_max or queue.bytes >= self._bytes_max

    def tell(
        self,
        source: str,
        partitions: Sequence[str],
        finished: bool,
        caught_up: bool,
    ) -> None:
        """Say what the source knows; wakes the compute thread only on news."""
        known = tuple(partitions)
        with self._condition:
            queue = self._queues[source]
            news = queue.partitions != known or not queue.known
            news = news or (finished and not queue.finished)
            news = news or (caught_up and not queue.caught_up)
            queue.known = True
            queue.partitions = known
            queue.finished = queue.finished or finished
            queue.caught_up = queue.caught_up or caught_up
            if news:
                self._condition.notify_all()

    def take(self, wait_s: float) -> Delivery | None:
        """The next source's waiting rows, at most one full batch; None when nothing came.

        They count as waiting until `worked_through`.
        """
        with self._condition:
            if not any(queue.items for queue in self._queues.values()) and not self._closed:
                self._condition.wait(wait_s)
            self._failure.check()
            for _ in range(len(self._order)):
                name = self._order[0]
                self._order.rotate(-1)
                if self._queues[name].items:
                    return self._deliver(name, self._queues[name])
        return None

    def _deliver(self, name: str, queue: _Queue) -> Delivery:
        slices: list[PartitionBatch] = []
        rows = size = 0
        while queue.items:
            more_rows, more_size = _size([queue.items[0]])
            too_much = rows + more_rows > self._rows_max or size + more_size > self._bytes_max
            if slices and too_much:
                break
            piece = queue.items.popleft()
            slices.append(piece)
            rows, size = rows + more_rows, size + more_size
            queue.waiting[piece.partition] -= piece.records
            before = queue.in_hand.get(piece.partition, 0)
            queue.in_hand[piece.partition] = before + piece.records
        queue.rows -= rows
        queue.bytes -= size
        blocked, queue.blocked = queue.blocked, False
        self._condition.notify_all()
        return Delivery(
            name, slices, queue.partitions, queue.finished and not queue.items,
            queue.caught_up and not queue.items, blocked,
        )  # fmt: skip

    def worked_through(self, source: str) -> None:
        """What was taken of a source has gone through the plan."""
        with self._condition:
            self._queues[source].in_hand.clear()

    def states(self) -> dict[str, Delivery]:
        """What every source knows now, without rows; `finished` only once nothing waits."""
        with self._condition:
            return {
                name: Delivery(
                    name, (), q.partitions, q.finished and not q.items,
                    q.caught_up and not q.items, bool(q.items),
                )
                for name, q in self._queues.items()
            }  # fmt: skip

    def lags(self) -> dict[str, dict[str, int]]:
        """By source, the records of each partition that wait: in the store, here, or in hand."""
        with self._condition:
            return {
                name: {
                    part: lag + q.waiting.get(part, 0) + q.in_hand.get(part, 0)
                    for part, lag in q.lags.items()
                }
                for name, q in self._queues.items()
            }

    def in_hand(self) -> dict[str, int]:
        """By source, the records that were taken and are being worked through."""
        with self._condition:
            return {name: sum(q.in_hand.values()) for name, q in self._queues.items()}

    def wake(self) -> None:
        """Wake whoever waits."""
        with self._condition:
            self._condition.notify_all()

    def close(self) -> None:
        """Make readers give up."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()


class Reader:
    """Opens, reads and closes one source on its own thread."""

    def __init__(
        self,
        name: str,
        factory: Callable[[], Source],
        start: Mapping[str, Position],
        inbox: Inbox,
        settings: EngineSettings,
        failure: Failure,
        until_caught_up: bool,
    ) -> None:
        self.name = name
        self._factory = factory
        self._start = start
        self._inbox = inbox
        self._settings = settings
        self._failure = failure
        self._until_caught_up = until_caught_up
        self._caught_up = False
        self._few = False
        self._rows_max = settings.rows_min
        self._fitting = settings.rows_max
        self._stop = threading.Event()
        self._committed: Mapping[str, Position] | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"tidemill-reader {name}", daemon=True
        )

    def start(self) -> None:
        """Start reading."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end after its read."""
        self._stop.set()

    def committed(self, positions: Mapping[str, Position]) -> None:
        """An epoch with these positions is committed everywhere; from any thread."""
        self._committed = positions

    def join(self) -> None:
        """Wait for the end."""
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        source: Source | None = None
        try:
            source = self._factory()
            self.begin(source)
            while not self._stop.is_set() and not self._failure.event.is_set():
                if not self.step(source):
                    break
                if self._few:
                    self._stop.wait(self._settings.gather_ms / 1000)
        except Aborted:
            pass
        except BaseException as error:
            self._failure.set(error)
        finally:
            if source is not None:
                with contextlib.suppress(ConnectorError):
                    self._confirm(source)
                source.close()

    def begin(self, source: Source) -> None:
        """Open the source where reading goes on."""
        source.open(self._start)
        self._inbox.tell(self.name, source.partitions(), False, False)

    def step(self, source: Source) -> bool:
        """Read once, and hand over what came; False where there is no more."""
        self._confirm(source)
        slices = source.read(self._rows_max, self._settings.read_timeout_ms)
        rows, size = _size(slices)
        if slices:
            self._inbox.put(self.name, slices)
        elif self._until_caught_up and not self._caught_up:
            self._caught_up = source.caught_up()
        self._few = bool(slices) and self._at_the_end(slices, rows)
        finished = source.finished()
        self._inbox.tell(self.name, source.partitions(), finished, self._caught_up)
        self._adapt(rows, size)
        return not finished

    def _adapt(self, rows: int, size: int) -> None:
        """Read more at a time while much waits, but no more than fits into a batch's bytes."""
        settings = self._settings
        if rows:
            self._fitting = max(settings.batch_bytes_max * rows // max(size, 1), 1)
        if rows >= self._rows_max * 3 // 4:
            self._rows_max = min(self._rows_max * 2, settings.rows_max)
        elif rows < self._rows_max // 4:
            self._rows_max = max(self._rows_max // 2, settings.rows_min)
        self._rows_max = min(self._rows_max, self._fitting)

    def _at_the_end(self, slices: Sequence[PartitionBatch], rows: int) -> bool:
        """Whether little came, and little is known to wait: more comes only as it is written."""
        few = self._settings.rows_min // 4
        return rows < few and all(p.lag is not None and p.lag < few for p in slices)

    def _confirm(self, source: Source) -> None:
        """Tell the source what was committed since it was told last."""
        positions, self._committed = self._committed, None
        if positions is not None and isinstance(source, ConfirmingSource):
            source.committed(positions)


def _size(slices: Sequence[PartitionBatch]) -> tuple[int, int]:
    """How many rows, and how many bytes their columns take."""
    return sum(p.rows.num_rows for p in slices), sum(p.rows.nbytes for p in slices)
