"""What is kept between batches of the partitions in which a match has begun.

Three keyed states: the number of each partition by its key, what has begun in it, and its rows
since the first of these. Beside them, made anew at a restore, each partition's run as objects.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.match_queue import Queue
from tidemill.engine.operators.match_rows import Int64s
from tidemill.engine.operators.match_run import NOT_BEGUN, Run
from tidemill.engine.state.hash_index import EMPTY
from tidemill.engine.state.keyed import KeyedState
from tidemill.engine.state.row_bag import Codes, RowBag
from tidemill.plan.ranks import TIME
from tidemill.records import dataclass

NUMBER = "$row"
"""Hidden column: the number of a row among all that have been taken."""
_PARTITION = "$partition"
_BEGUN = pa.schema(
    [
        pa.field(_PARTITION, pa.int64()),
        pa.field("$complete", pa.bool_()),
        pa.field("$state", pa.int32()),
        pa.field("$first", pa.int64()),
        pa.field("$counts", pa.list_(pa.int32())),
    ]
)


@dataclass(slots=True)
class Segment:
    """One partition's rows among those at hand: `start` to `stop`, of which some were kept."""

    partition: int
    run: Run
    start: int
    kept: int
    stop: int


class MatchState:
    """Partitions in which a match has begun; compute thread only."""

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        rows: pa.Schema,
        keys: Sequence[str],
        variables: int,
        deltas_max: int,
    ) -> None:
        """`rows` is the schema of the rows that are kept."""
        partition = pa.field(_PARTITION, pa.int64())
        keyed = pa.schema([*(rows.field(key) for key in keys), partition])
        self._keys = tuple(keys)
        self._variables = variables
        self._schema = rows
        self._partitions = KeyedState(kernel, f"{name}_partitions", keyed, keys, 0, deltas_max)
        self._begun = KeyedState(kernel, f"{name}_begun", _BEGUN, [_PARTITION], 0, deltas_max)
        kept = pa.schema([*rows, partition])
        self._rows = RowBag(kept, _codes_of, kernel.memory, deltas_max=deltas_max)
        self.parts: dict[str, KeyedState | RowBag] = {
            "partitions": self._partitions,
            "begun": self._begun,
            "rows": self._rows,
        }
        self.runs: dict[int, Run] = {}
        self.next = 0
        """The number of the next new partition."""

    def numbers(self, keys: pa.Table) -> list[int]:
        """The numbers of partitions by their keys; new ones get a run."""
        if not keys.num_rows:
            return []
        state = self._partitions
        hashes = state.hashes(keys)
        ids = state.find(keys, hashes)
        new = np.flatnonzero(ids == EMPTY)
        if len(new):
            own = np.arange(self.next, self.next + len(new))
            self.next += len(new)
            ids[new] = state.add(hashes[new])
            made = keys.take(pa.array(new)).select(self._keys)
            state.put(ids[new], made.append_column(_PARTITION, pa.array(own)))
            self.runs |= {int(number): Run(self._variables) for number in own}
        found, _ = state.take(ids)
        partitions: list[int] = found.column(_PARTITION).to_pylist()
        return partitions

    def rows(self, numbers: Int64s) -> pa.Table:
        """Rows that are kept, in the order of their numbers as given."""
        return self._rows.take(self._find(numbers)).select(self._schema.names)

    def _find(self, numbers: Int64s) -> Int64s:
        owners, positions = self._rows.find(numbers)
        found = np.empty(len(numbers), np.int64)
        found[owners] = positions
        return found

    # -- after a batch

    def settle(self, rows: pa.Table, segments: Sequence[Segment], first_new: int) -> list[Segment]:
        """Keep of some partitions what they need, forget those in which no match has begun.

        `rows` are theirs, new ones from the number `first_new` on. Gives those that are kept.
        """
        for segment in segments:
            segment.run.trim()
        begun = [segment for segment in segments if not segment.run.idle]
        left = np.array([number for s in begun for number in s.run.rows], np.int64)
        numbers = rows.column(NUMBER).to_numpy()
        self._rows.remove(self._find(np.setdiff1d(numbers[numbers < first_new], left)))
        self._store_rows(rows, left[left >= first_new], segments)
        self._forget(rows, [segment for segment in segments if segment.run.idle])
        self._store_begun(begun)
        self._begun.settle()
        self._partitions.settle()
        self._rows.settle()
        return begun

    def _store_rows(self, rows: pa.Table, new: Int64s, segments: Sequence[Segment]) -> None:
        if not len(new):
            return
        numbers = rows.column(NUMBER).to_numpy()
        by_number = np.argsort(numbers)
        places = by_number[np.searchsorted(numbers, np.sort(new), sorter=by_number)]
        owners = np.repeat(
            [segment.partition for segment in segments],
            [segment.stop - segment.start for segment in segments],
        )[places]
        table = rows.take(pa.array(places)).append_column(_PARTITION, pa.array(owners))
        self._rows.add(table, _codes_of(table))

    def _forget(self, rows: pa.Table, idle: Sequence[Segment]) -> None:
        if not idle:
            return
        for segment in idle:
            del self.runs[segment.partition]
        ids = self._begun.find(_partition_keys(idle))
        self._begun.remove(ids[ids != EMPTY])
        places = pa.array([segment.start for segment in idle])
        self._partitions.remove(self._partitions.find(rows.take(places)))

    def _store_begun(self, begun: Sequence[Segment]) -> None:
        if not begun:
            return
        state = self._begun
        table, sizes = _as_table(begun)
        keys = _partition_keys(begun)
        hashes = state.hashes(keys)
        ids = state.find(keys, hashes)
        new = np.flatnonzero(ids == EMPTY)
        ids[new] = state.add(hashes[new])
        state.put(ids, table, sizes)

    # -- checkpoints

    def rebuild(self) -> None:
        """Make the runs anew from the restored states."""
        kept = self._rows.take(self._rows.live(), [NUMBER, _PARTITION, TIME])
        begun, _ = self._begun.take(self._begun.live())
        lines = begun.to_pylist()
        for line in lines:
            if line[_PARTITION] not in self.runs:
                self.runs[line[_PARTITION]] = Run(self._variables)
                self.runs[line[_PARTITION]].begun = []
        for row in kept.sort_by(NUMBER).to_pylist():
            run = self.runs[row[_PARTITION]]
            run.rows.append(row[NUMBER])
            run.times.append(row[TIME] // 1000)
        for line in lines:
            run = self.runs[line[_PARTITION]]
            first = line["$first"]
            position = NOT_BEGUN if first < 0 else bisect_left(run.rows, first)
            queue = run.complete if line["$complete"] else run.begun
            queue.append((position, line["$state"], tuple(line["$counts"])))


def _codes_of(rows: pa.Table) -> Codes:
    numbers = rows.column(NUMBER).to_numpy()
    return Codes(numbers, np.ones(len(numbers), np.bool_), None)


def _partition_keys(segments: Sequence[Segment]) -> pa.Table:
    return pa.table({_PARTITION: np.array([s.partition for s in segments], np.int64)})


def _as_table(segments: Sequence[Segment]) -> tuple[pa.Table, Int64s]:
    """What has begun and is complete in partitions, in its order, and how much of each."""
    lines: list[tuple[int, bool, int, int, list[int]]] = []
    sizes: list[int] = []
    for segment in segments:
        run, before = segment.run, len(lines)
        queues: list[tuple[bool, Queue]] = [(False, run.begun), (True, run.complete)]
        for complete, queue in queues:
            for position, state, counts in queue:
                first = -1 if position == NOT_BEGUN else run.rows[position - run.first]
                lines.append((segment.partition, complete, state, first, list(counts)))
        sizes.append(len(lines) - before)
    columns = zip(*lines, strict=True)
    arrays = [pa.array(values, f.type) for values, f in zip(columns, _BEGUN, strict=True)]
    return pa.table(arrays, schema=_BEGUN), np.array(sizes, np.int64)
