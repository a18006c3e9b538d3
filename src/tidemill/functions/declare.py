"""The decorators: a function and its types, noted down or made into PyFlink's own object."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from tidemill.functions.annotations import (
    Types,
    hints_of,
    inputs_of,
    is_pure,
    listed,
    name_of,
    result_of,
)
from tidemill.functions.kinds import IN_PYFLINK, AggregateFunction
from tidemill.functions.types import arrow_type, pyflink_type

_flink: Any = importlib.import_module("pyflink.table.udf") if IN_PYFLINK else None


class UserFunction:
    """A declared function on the embedded engine; all types are Flink's, as text.

    `kind` is scalar, table or aggregate. `input_types` None: arguments of any type. `arrow`: it is
    called with Arrow arrays and returns one. `function` is what the decorator stood on.
    """

    def __init__(
        self,
        kind: str,
        function: Any,
        input_types: tuple[str, ...] | None,
        result_types: tuple[str, ...],
        *,
        accumulator_type: str | None = None,
        deterministic: bool = True,
        arrow: bool = False,
        name: str | None = None,
    ) -> None:
        self.kind = kind
        self.function = function
        self.input_types = input_types
        self.result_types = result_types
        self.accumulator_type = accumulator_type
        self.deterministic = deterministic
        self.arrow = arrow
        self.name = name or getattr(function, "__name__", type(function).__name__)

    def __call__(self, *args: Any) -> Any:
        """The function itself, for its own tests."""
        call = getattr(self.function, "eval", self.function)
        return call(*args)


def udf(
    f: Any = None,
    input_types: Types = None,
    result_type: str | None = None,
    deterministic: bool | None = None,
    name: str | None = None,
    func_type: str = "general",
) -> Any:
    """Declare a scalar function: one value for each row.

    Args:
        f: a function, or a ScalarFunction object.
        input_types: types of the arguments; by default from the annotations.
        result_type: type of the result; by default from the annotations.
        deterministic: whether the same arguments always give the same result (default True).
        name: the name in messages.
        func_type: `general` for one call per row with Python values; `arrow` for one call per
            batch with pyarrow arrays, which must look at each row by itself. On Flink an `arrow`
            function is called with arrays of one row.
    """
    if func_type not in ("general", "arrow"):
        raise ValueError(f"func_type must be general or arrow, not {func_type!r}")

    def declare(function: Any) -> Any:
        hints = hints_of(function, "eval")
        taken = inputs_of(input_types, hints, function, "eval")
        result = result_type or result_of(hints)
        if result is None:
            raise TypeError(f"{name_of(function)} has no result type: annotate it or give one")
        if func_type == "arrow":
            if not taken:
                raise TypeError(f"{name_of(function)} is an arrow function and needs input_types")
            for type_ in (*taken, result):
                arrow_type(type_)
        if IN_PYFLINK:
            call = _one_by_one(function, taken or (), result) if func_type == "arrow" else function
            given = list(taken) if taken else None
            return _flink.udf(call, given, result, deterministic, name)
        return UserFunction(
            "scalar", function, taken, (result,), deterministic=is_pure(function, deterministic),
            arrow=func_type == "arrow", name=name,
        )  # fmt: skip

    return declare if f is None else declare(f)


def udtf(
    f: Any = None,
    input_types: Types = None,
    result_types: Types = None,
    deterministic: bool | None = None,
    name: str | None = None,
) -> Any:
    """Declare a table function: any number of rows for each row.

    A tuple or a Row is one row; a list, a range or a generator are many (each a tuple, a Row, or
    the bare value of a single column); None is no row.

    Args:
        f: a function, or a TableFunction object.
        input_types: types of the arguments; by default from the annotations.
        result_types: types of the columns.
        deterministic: whether the same arguments always give the same rows (default True).
        name: the name in messages.
    """

    def declare(function: Any) -> Any:
        hints = hints_of(function, "eval")
        taken = inputs_of(input_types, hints, function, "eval")
        results = listed(result_types)
        if not results:
            raise TypeError(f"{name_of(function)} has no result types: give result_types=[...]")
        if IN_PYFLINK:
            given = list(taken) if taken else None
            return _flink.udtf(function, given, list(results), deterministic, name)
        return UserFunction(
            "table", function, taken, results, deterministic=is_pure(function, deterministic),
            name=name,
        )  # fmt: skip

    return declare if f is None else declare(f)


def udaf(
    f: Any = None,
    input_types: Types = None,
    result_type: str | None = None,
    accumulator_type: str | None = None,
    deterministic: bool | None = None,
    name: str | None = None,
) -> Any:
    """Declare an aggregate function.

    Args:
        f: an AggregateFunction object.
        input_types: types of the arguments; by default from the annotations of `accumulate`.
        result_type: by default what its `get_result_type` says.
        accumulator_type: by default what its `get_accumulator_type` says.
        deterministic: whether the same rows always give the same value (default True).
        name: the name in messages.
    """

    def declare(function: Any) -> Any:
        if not isinstance(function, AggregateFunction):
            raise TypeError(f"{name_of(function)} is no AggregateFunction object")
        hints = hints_of(function, "accumulate")
        taken = inputs_of(input_types, hints, function, "accumulate", skip=1)
        result = result_type or function.get_result_type()
        accumulator = accumulator_type or function.get_accumulator_type()
        if not result or not accumulator:
            raise TypeError(f"{name_of(function)} has no result_type or no accumulator_type")
        if IN_PYFLINK:
            # Types as text break Flink's own planner for aggregates.
            given = [pyflink_type(text) for text in taken] if taken else None
            result, accumulator = pyflink_type(result), pyflink_type(accumulator)
            return _flink.udaf(function, given, result, accumulator, deterministic, name)
        return UserFunction(
            "aggregate", function, taken, (result,), accumulator_type=accumulator,
            deterministic=is_pure(function, deterministic), name=name,
        )  # fmt: skip

    return declare if f is None else declare(f)


def _one_by_one(function: Any, inputs: Sequence[str], result: str) -> Callable[..., Any]:
    """An arrow function as a function of one row's values."""

    def call(*args: Any) -> Any:
        import pyarrow as pa  # noqa: PLC0415

        columns = [pa.array([a], type=arrow_type(t)) for a, t in zip(args, inputs, strict=True)]
        made = getattr(function, "eval", function)(*columns)
        return made.cast(arrow_type(result))[0].as_py()

    call.__name__ = name_of(function)
    return call
