"""The kinds of functions, and rows: PyFlink's own inside PyFlink, else the same by our means."""

from __future__ import annotations

import abc
import collections.abc
import importlib.util
import typing
from collections.abc import Iterable, Sequence
from typing import Any

IN_PYFLINK = importlib.util.find_spec("pyflink") is not None
"""Whether this runs in an environment of Flink's."""

if IN_PYFLINK and not typing.TYPE_CHECKING:
    from pyflink.common import Row
    from pyflink.table.udf import (
        AggregateFunction,
        FunctionContext,
        ScalarFunction,
        TableFunction,
    )
else:

    class FunctionContext:
        """What `open` is given; it carries nothing here."""

    class _Function(abc.ABC):  # noqa: B024 - its kinds have the abstract methods
        """What every kind of function may have."""

        def open(self, function_context: FunctionContext) -> None:  # noqa: B027
            """Set up what all calls share; called once, before any other call."""

        def close(self) -> None:  # noqa: B027
            """Give it back; called once, at the end."""

        def is_deterministic(self) -> bool:
            """Whether the same arguments always give the same result."""
            return True

    class ScalarFunction(_Function):
        """A scalar function with a life of its own: `eval` gives one value for its arguments."""

        @abc.abstractmethod
        def eval(self, *args: Any) -> Any:
            """The value."""

    class TableFunction(_Function):
        """A table function: `eval` gives (or yields) rows for its arguments."""

        @abc.abstractmethod
        def eval(self, *args: Any) -> Any:
            """The rows."""

    class AggregateFunction(_Function):
        """An aggregate function over an accumulator, which is changed in place.

        `retract` is needed where rows can be taken back. The accumulator is of
        `get_accumulator_type`: a Row for ROW, a list for ARRAY, a dict for MAP.
        """

        @abc.abstractmethod
        def create_accumulator(self) -> Any:
            """The accumulator of no rows."""

        @abc.abstractmethod
        def accumulate(self, accumulator: Any, *args: Any) -> None:
            """Take a row in."""

        def retract(self, accumulator: Any, *args: Any) -> None:
            """Take a row back that was taken in before."""
            raise TypeError(f"{type(self).__name__} cannot take rows back: it has no retract")

        def merge(self, accumulator: Any, accumulators: Iterable[Any]) -> None:
            """Take other accumulators in."""
            raise TypeError(f"{type(self).__name__} cannot be merged: it has no merge")

        @abc.abstractmethod
        def get_value(self, accumulator: Any) -> Any:
            """The aggregate's value."""

        def get_result_type(self) -> str:
            """The type of the value, as Flink writes it."""
            return ""

        def get_accumulator_type(self) -> str:
            """The type of the accumulator, as Flink writes it."""
            return ""

    class Row:
        """A value of type ROW: fields by position, and by name where they have names."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            if args and kwargs:
                raise ValueError("a Row takes either values or named values")
            self._values = list(args) if args else list(kwargs.values())
            self._fields = list(kwargs)

        def set_field_names(self, field_names: Sequence[str]) -> None:
            """Name the fields."""
            self._fields = list(field_names)

        def get_fields_by_names(self, names: Sequence[str]) -> list[Any]:
            """The values in the order of `names`; by position where the row has no names."""
            if not self._fields:
                return list(self._values)
            return [self._values[self._fields.index(name)] for name in names]

        def as_dict(self) -> dict[str, Any]:
            """The values by name."""
            return dict(zip(self._fields, self._values, strict=True))

        def _place(self, key: int | str) -> int:
            if isinstance(key, int):
                return key
            if key not in self._fields:
                raise KeyError(key)
            return self._fields.index(key)

        def __getitem__(self, key: int | str) -> Any:
            return self._values[self._place(key)]

        def __setitem__(self, key: int | str, value: Any) -> None:
            self._values[self._place(key)] = value

        def __getattr__(self, name: str) -> Any:
            fields = self.__dict__.get("_fields", [])
            if name.startswith("_") or name not in fields:
                raise AttributeError(name)
            return self._values[fields.index(name)]

        def __len__(self) -> int:
            return len(self._values)

        def __iter__(self) -> collections.abc.Iterator[Any]:
            return iter(self._values)

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Row) and list(self) == list(other)

        def __hash__(self) -> int:
            return hash(tuple(self._values))

        def __repr__(self) -> str:
            if not self._fields:
                return f"Row({', '.join(map(repr, self._values))})"
            pairs = zip(self._fields, self._values, strict=False)
            return f"Row({', '.join(f'{n}={v!r}' for n, v in pairs)})"
