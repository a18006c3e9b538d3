"""Reading adapts to what comes: a batch and the inbox have room for so many rows and bytes."""

from dataclasses import replace

import pyarrow as pa

from tidemill.engine.reader import Inbox, Reader
from tidemill.engine.settings import EngineSettings
from tidemill.engine.worker import Failure
from tidemill.interfaces.source import PartitionBatch

SETTINGS = EngineSettings(rows_min=64, rows_max=4_096, batch_bytes_max=1 << 20)


class Counting:
    """A source that has as many rows as are asked for, each `width` bytes wide."""

    def __init__(self, width: int) -> None:
        self.asked: list[int] = []
        self._text = "x" * width

    def read(self, rows_max, timeout_ms):
        del timeout_ms
        self.asked.append(rows_max)
        return [piece(rows_max, self._text)]

    def partitions(self):
        return ["0"]

    def finished(self):
        return False


def piece(rows: int, text: str) -> PartitionBatch:
    batch = pa.RecordBatch.from_pydict({"x": [text] * rows})
    return PartitionBatch("0", batch, None, None, rows)


def asked_of(source: Counting, times: int) -> list[int]:
    inbox = Inbox(["t"], SETTINGS, Failure())
    reader = Reader("t", lambda: source, {}, inbox, SETTINGS, Failure(), False)
    for _ in range(times):
        reader.step(source)
        inbox.take(0)
    return source.asked


def test_more_is_read_at_a_time_while_much_waits():
    assert asked_of(Counting(8), 8) == [64, 128, 256, 512, 1_024, 2_048, 4_096, 4_096]


def test_of_wide_rows_no_more_are_read_than_a_batch_has_bytes_for():
    assert asked_of(Counting(10_000), 4) == [64, 104, 104, 104]
    assert asked_of(Counting(3 << 20), 3) == [64, 1, 1]


def test_the_inbox_is_full_by_rows_or_by_bytes_and_never_empty_handed():
    inbox = Inbox(["t"], SETTINGS, Failure())
    inbox.put("t", [piece(1, "x" * 600_000)])
    assert inbox.has_room("t")
    inbox.put("t", [piece(1, "x" * 600_000), piece(1, "x" * (3 << 20))])
    assert not inbox.has_room("t")
    taken = [inbox.take(0) for _ in range(3)]
    assert [[p.rows.num_rows for p in delivery.slices] for delivery in taken] == [[1], [1], [1]]
    assert taken[0].blocked
    assert inbox.has_room("t") and inbox.take(0) is None


def test_what_is_being_worked_through_still_waits():
    inbox = Inbox(["t"], SETTINGS, Failure())
    inbox.put("t", [replace(piece(5, "x"), lag=7)])
    assert (inbox.lags(), inbox.in_hand()) == ({"t": {"0": 12}}, {"t": 0})
    inbox.take(0)
    assert (inbox.lags(), inbox.in_hand()) == ({"t": {"0": 12}}, {"t": 5})
    inbox.worked_through("t")
    assert (inbox.lags(), inbox.in_hand()) == ({"t": {"0": 7}}, {"t": 0})
