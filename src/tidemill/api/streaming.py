"""Taking the rows of a running query: all of them, or batch by batch."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidemill.api.result import Result
from tidemill.control.sql_shell import ResultHead, SqlShell, Watcher

if TYPE_CHECKING:
    from tidemill.engine import Engine
    from tidemill.model import Batch
    from tidemill.sql.listing import Listing

_WAITING_BATCHES_MAX = 4
_POLL_S = 0.1


class Collector:
    """Keeps everything that one statement gives."""

    def __init__(self) -> None:
        self.head: ResultHead | None = None
        self.listing: Listing | None = None
        self._batches: list[Batch] = []

    def watcher(self) -> Watcher:
        """What the shell calls."""
        return Watcher(self._begin, lambda _, batch: self._batches.append(batch), answer=self._list)

    def result(self) -> Result:
        """The rows so far."""
        assert self.head is not None
        return result_of(self.head, self._batches)

    def _begin(self, head: ResultHead) -> None:
        self.head = head

    def _list(self, listing: Listing) -> None:
        self.listing = listing


def result_of(head: ResultHead, batches_: list[Batch]) -> Result:
    """Batches as one result; where no batch has kinds, as rows that never change."""
    names = list(head.reader.names)
    schema = head.schema.arrow()
    rows = pa.Table.from_batches([batch.rows for batch in batches_], schema) if batches_ else None
    table = (schema.empty_table() if rows is None else rows).rename_columns(names)
    if all(batch.kinds is None for batch in batches_):
        return Result(table)
    kinds = [
        pa.array([0] * len(batch), pa.int8()) if batch.kinds is None else batch.kinds
        for batch in batches_
    ]
    return Result(table, pa.chunked_array(kinds), upsert=head.changelog.upsert)


def batches(shell: SqlShell, text: str) -> Generator[Result, None, None]:
    """Run a query in a thread of its own and give its batches as they come."""
    for batch in ticking(shell, text, lambda _: None, None):
        if batch is not None:
            yield batch


def ticking(
    shell: SqlShell, text: str, begun: Callable[[ResultHead], None], tick_s: float | None
) -> Generator[Result | None, None, None]:
    """As `batches`, with None where for `tick_s` no batch came.

    `begun` is told of the result, from the query's thread, before its first batch.
    """
    taken: queue.Queue[Any] = queue.Queue(_WAITING_BATCHES_MAX)
    engines: list[Engine] = []
    left = threading.Event()

    def put(item: Any) -> None:
        while not left.is_set():
            try:
                taken.put(item, timeout=_POLL_S)
                return
            except queue.Full:
                continue

    def started(engine: Engine) -> None:
        engines.append(engine)
        if left.is_set():
            engine.stop()

    def body() -> None:
        try:
            watcher = Watcher(begun, lambda h, b: put(result_of(h, [b])), started=started)
            shell.execute(text, watcher)
            put(None)
        except BaseException as error:  # handed to the thread that iterates
            put(error)

    thread = threading.Thread(target=body, name="tidemill-stream", daemon=True)
    thread.start()
    try:
        while True:
            try:
                item = taken.get(timeout=tick_s)
            except queue.Empty:
                yield None
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        left.set()
        for engine in engines:
            engine.stop()
        thread.join()
