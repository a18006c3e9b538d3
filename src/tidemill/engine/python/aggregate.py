"""Aggregate functions over the rows of groups: folded whole, or into a stored accumulator.

Guarantees: rows are taken in the order of their place in the stream. A row for which `accumulate`
or `retract` fails is left out as if it had not come, and named; the accumulator is then the one
before it. Accumulators are stored as their declared type, never pickled.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.engine.python.failures import Failure, failure
from tidemill.engine.python.values import coercion, from_python, to_python
from tidemill.interfaces.python_function import PythonFunction
from tidemill.model import DataType
from tidemill.plan.lowering.python_rows import PLACE, WEIGHT
from tidemill.records import dataclass

Row = tuple[tuple[Any, ...], int, int]
"""A row of a group: arguments, weight, place."""


@dataclass(frozen=True, slots=True)
class RowFailure:
    """A row that a function could not take: its group, its place in the stream, why."""

    group: int
    place: int
    arguments: tuple[Any, ...]
    failure: Failure

    def shown(self) -> dict[str, Any]:
        """The row, as far as the function saw it."""
        return {f"argument {i}": value for i, value in enumerate(self.arguments, 1)}


class GroupFolder:
    """One aggregate function over lists of rows."""

    def __init__(self, function: PythonFunction, types: Sequence[DataType]) -> None:
        """`types` are those of the arguments."""
        self.function = function
        self._target = function.loaded.function
        self._types = types
        self._value = coercion(function.result_type)
        assert function.accumulator_type is not None
        self.accumulator_type = function.accumulator_type
        self._stored = coercion(self.accumulator_type)

    # -- rows of groups

    def groups(self, lists: pa.Array | pa.ChunkedArray) -> list[list[Row]]:
        """The rows of each group, in their order in the stream."""
        if isinstance(lists, pa.ChunkedArray):
            lists = pa.concat_arrays(lists.chunks) if lists.num_chunks else lists.combine_chunks()
        rows = lists.flatten()
        columns = [to_python(rows.field(i), type_) for i, type_ in enumerate(self._types)]
        weights = rows.field(rows.type.get_field_index(WEIGHT)).to_pylist()
        places = rows.field(rows.type.get_field_index(PLACE)).to_pylist()
        arguments = list(zip(*columns, strict=True)) if columns else [()] * len(rows)
        flat = list(zip(arguments, weights, places, strict=True))
        lengths = lists.value_lengths().fill_null(0).to_numpy()
        ends = np.cumsum(lengths)
        return [
            sorted(flat[end - length : end], key=lambda row: row[2])
            for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
        ]

    # -- whole groups

    def fold(self, lists: pa.ChunkedArray) -> tuple[list[Any], list[Failure], list[RowFailure]]:
        """The value of each group (None where it failed), failed groups, failed rows."""
        values: list[Any] = []
        failures: list[Failure] = []
        lost: list[RowFailure] = []
        for group, rows in enumerate(self.groups(lists)):
            try:
                accumulator, bad = self._accumulated(group, None, rows)
                lost += bad
                values.append(self._value(self._target.get_value(accumulator)))
            except (Exception, SystemExit) as error:
                failures.append(failure(self.function, group, error))
                values.append(None)
        return values, failures, lost

    def _accumulated(
        self, group: int, accumulator: Any, rows: Sequence[Row]
    ) -> tuple[Any, list[RowFailure]]:
        start = copy.deepcopy(accumulator)
        try:
            return self._taken(accumulator, rows), []
        except (Exception, SystemExit):  # some row is bad: find out which, one by one
            accumulator = self._target.create_accumulator() if start is None else start
        bad: list[RowFailure] = []
        for row in rows:
            trial = copy.deepcopy(accumulator)
            try:
                accumulator = self._taken(trial, [row])
            except (Exception, SystemExit) as error:
                bad.append(self._lost(group, row, error))
        return accumulator, bad

    def _taken(self, accumulator: Any, rows: Sequence[Row]) -> Any:
        target = self._target
        if accumulator is None:
            accumulator = target.create_accumulator()
        for arguments, weight, _ in rows:
            if weight > 0:
                target.accumulate(accumulator, *arguments)
            else:
                target.retract(accumulator, *arguments)
        return accumulator

    def _lost(self, group: int, row: Row, error: BaseException) -> RowFailure:
        return RowFailure(group, row[2], row[0], failure(self.function, row[2], error))

    # -- stored accumulators

    def update(
        self, stored: pa.ChunkedArray, owners: Sequence[int], lists: pa.ChunkedArray
    ) -> tuple[pa.Array, pa.Array, list[RowFailure]]:
        """New accumulators and values of groups, from those stored for the groups `owners`.

        A row after which the accumulator or the value does not fit its type is left out as well.
        """
        places = {group: place for place, group in enumerate(owners)}
        held = to_python(stored, self.accumulator_type)
        accumulators: list[Any] = []
        values: list[Any] = []
        lost: list[RowFailure] = []
        for group, rows in enumerate(self.groups(lists)):
            place = places.get(group)
            try:
                made = self._taken(None if place is None else held[place], rows)
                accumulator, value = self._stored(made), self._valued(made)
            except (Exception, SystemExit):  # it may be half changed: begin with the stored one
                again = None if place is None else stored.slice(place, 1)
                before = None if again is None else to_python(again, self.accumulator_type)[0]
                accumulator, value, bad = self._one_by_one(group, before, rows)
                lost += bad
            accumulators.append(accumulator)
            values.append(value)
        return (
            from_python(accumulators, self.accumulator_type),
            from_python(values, self.function.result_type),
            lost,
        )

    def _valued(self, accumulator: Any) -> Any:
        return self._value(self._target.get_value(accumulator))

    def _one_by_one(
        self, group: int, stored: Any, rows: Sequence[Row]
    ) -> tuple[Any, Any, list[RowFailure]]:
        current = self._target.create_accumulator() if stored is None else stored
        bad: list[RowFailure] = []
        kept, value = self._stored(current), None
        try:
            value = self._valued(copy.deepcopy(current))
        except (Exception, SystemExit):
            value = None  # a function may have no value of no rows
        for row in rows:
            trial = copy.deepcopy(current)
            try:
                trial = self._taken(trial, [row])
                kept, value = self._stored(trial), self._valued(trial)
                current = trial
            except (Exception, SystemExit) as error:
                bad.append(self._lost(group, row, error))
        return kept, value, bad


def folder_of(function: PythonFunction, lists: DataType) -> GroupFolder:
    """The folder over lists of rows of a type."""
    assert lists.element is not None
    return GroupFolder(function, [field.type for field in lists.element.fields[:-2]])


def placed_rows(lists: pa.ChunkedArray, arrived: int) -> tuple[pa.Array, int]:
    """Lists of rows whose places begin at `arrived`, and the place after the last one."""
    whole = pa.concat_arrays(lists.chunks) if lists.num_chunks else pa.array([], lists.type)
    rows = whole.flatten()
    index = rows.type.get_field_index(PLACE)
    places = pc.add(rows.field(index), arrived)
    columns = [places if i == index else rows.field(i) for i in range(rows.type.num_fields)]
    made = pa.StructArray.from_arrays(columns, fields=list(rows.type))
    offsets = np.concatenate([[0], np.cumsum(whole.value_lengths().fill_null(0).to_numpy())])
    placed = pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), made, type=whole.type, mask=whole.is_null()
    )
    return placed, arrived if not len(places) else int(pc.max(places).as_py()) + 1
