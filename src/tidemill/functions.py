"""How a user writes Python functions for `CREATE FUNCTION ... LANGUAGE PYTHON`.

One module serves two engines. On the embedded engine the decorators note down a function and its
types. Inside PyFlink, where `pyflink` can be imported, they return PyFlink's own objects, so the
same file runs on Flink. This module imports nothing of Tidemill and nothing beyond the standard
library: it travels to Flink alone.

    from tidemill.functions import udf

    @udf
    def shout(text: str) -> str:
        return None if text is None else text.upper() + "!"

Types are Flink's, as text (`"DECIMAL(10, 2)"`, `"ARRAY<STRING>"`), or come from annotations:
`str` STRING, `int` BIGINT, `float` DOUBLE, `bool` BOOLEAN, `bytes` BYTES, `decimal.Decimal`
DECIMAL(38, 18), `datetime.date` DATE, `datetime.time` TIME, `datetime.datetime` TIMESTAMP(6),
`list[T]` ARRAY, `dict[K, V]` MAP; `T | None` is T. Without argument types a function takes
arguments of any type. A NULL is None, going in and coming out.
"""

from __future__ import annotations

import abc
import collections.abc
import datetime
import decimal
import importlib
import importlib.util
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from typing import Any

__all__ = [
    "AggregateFunction",
    "FunctionContext",
    "Row",
    "ScalarFunction",
    "TableFunction",
    "UserFunction",
    "udaf",
    "udf",
    "udtf",
]

Types = Sequence[str] | str | None

_IN_PYFLINK = importlib.util.find_spec("pyflink") is not None

_flink: Any = importlib.import_module("pyflink.table.udf") if _IN_PYFLINK else None

if _IN_PYFLINK and not typing.TYPE_CHECKING:
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
        hints = _hints(function, "eval")
        taken = _inputs(input_types, hints, function, "eval")
        result = result_type or _result(hints)
        if result is None:
            raise TypeError(f"{_name(function)} has no result type: annotate it or give one")
        if func_type == "arrow":
            if not taken:
                raise TypeError(f"{_name(function)} is an arrow function and needs input_types")
            for type_ in (*taken, result):
                _arrow_type(type_)
        if _IN_PYFLINK:
            call = _one_by_one(function, taken or (), result) if func_type == "arrow" else function
            return _flink.udf(call, list(taken) if taken else None, result, deterministic, name)
        return UserFunction(
            "scalar", function, taken, (result,), deterministic=_pure(function, deterministic),
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
        hints = _hints(function, "eval")
        taken = _inputs(input_types, hints, function, "eval")
        results = _listed(result_types)
        if not results:
            raise TypeError(f"{_name(function)} has no result types: give result_types=[...]")
        if _IN_PYFLINK:
            given = list(taken) if taken else None
            return _flink.udtf(function, given, list(results), deterministic, name)
        return UserFunction(
            "table", function, taken, results, deterministic=_pure(function, deterministic),
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
            raise TypeError(f"{_name(function)} is no AggregateFunction object")
        hints = _hints(function, "accumulate")
        taken = _inputs(input_types, hints, function, "accumulate", skip=1)
        result = result_type or function.get_result_type()
        accumulator = accumulator_type or function.get_accumulator_type()
        if not result or not accumulator:
            raise TypeError(f"{_name(function)} has no result_type or no accumulator_type")
        if _IN_PYFLINK:
            given = list(taken) if taken else None
            return _flink.udaf(function, given, result, accumulator, deterministic, name)
        return UserFunction(
            "aggregate", function, taken, (result,), accumulator_type=accumulator,
            deterministic=_pure(function, deterministic), name=name,
        )  # fmt: skip

    return declare if f is None else declare(f)


# --- types ---------------------------------------------------------------------------------------

_FROM_ANNOTATION: dict[object, str] = {
    str: "STRING",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    bytes: "BYTES",
    decimal.Decimal: "DECIMAL(38, 18)",
    datetime.date: "DATE",
    datetime.time: "TIME",
    datetime.datetime: "TIMESTAMP(6)",
}


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _method(function: Any, method: str) -> Callable[..., Any]:
    if inspect.isclass(function):
        raise TypeError(f"{function.__name__} is a class: give an object, {function.__name__}()")
    found = getattr(function, method, function)
    if not callable(found):
        raise TypeError(f"{_name(function)} is no function")
    return typing.cast("Callable[..., Any]", found)


def _hints(function: Any, method: str) -> dict[str, Any]:
    return typing.get_type_hints(_method(function, method))


def _listed(given: Types) -> tuple[str, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def _inputs(
    given: Types, hints: dict[str, Any], function: Any, method: str, skip: int = 0
) -> tuple[str, ...] | None:
    """The types of the arguments: as given, from all annotations, or None without any."""
    if given is not None:
        return _listed(given)
    try:
        parameters = list(inspect.signature(_method(function, method)).parameters.values())
    except ValueError:
        return None
    wanted = parameters[skip:]
    annotated = [p for p in wanted if p.name in hints]
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in wanted) or not annotated:
        return None if wanted else ()
    if len(annotated) < len(wanted):
        missing = next(p.name for p in wanted if p.name not in hints)
        raise TypeError(f"{_name(function)} has no type for its argument {missing}")
    return tuple(_from_annotation(hints[p.name], function) for p in wanted)


def _result(hints: dict[str, Any]) -> str | None:
    return _from_annotation(hints["return"], "the result") if "return" in hints else None


def _from_annotation(annotation: Any, of: Any) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        some = [part for part in parts if part is not type(None)]
        if len(some) == 1:
            return _from_annotation(some[0], of)
    if origin is list and len(parts) == 1:
        return f"ARRAY<{_from_annotation(parts[0], of)}>"
    if origin is dict and len(parts) == 2:
        return f"MAP<{_from_annotation(parts[0], of)}, {_from_annotation(parts[1], of)}>"
    if annotation in _FROM_ANNOTATION:
        return _FROM_ANNOTATION[annotation]
    shown = getattr(annotation, "__name__", str(annotation))
    raise TypeError(f"{of if isinstance(of, str) else _name(of)}: no Flink type for {shown}")


def _pure(function: Any, given: bool | None) -> bool:
    if given is not None:
        return given
    own = getattr(function, "is_deterministic", None)
    return bool(own()) if callable(own) else True


# --- arrow functions -----------------------------------------------------------------------------


def _arrow_type(type_: str) -> Any:
    """The Arrow type of a Flink type without parts inside."""
    import pyarrow as pa  # noqa: PLC0415 - only arrow functions need it

    base, _, rest = type_.upper().removesuffix("NOT NULL").strip().partition("(")
    numbers = [int(number) for number in rest.rstrip(") ").split(",") if number.strip()]
    simple = {
        "BOOLEAN": pa.bool_(), "TINYINT": pa.int8(), "SMALLINT": pa.int16(), "INT": pa.int32(),
        "INTEGER": pa.int32(), "BIGINT": pa.int64(), "FLOAT": pa.float32(), "DOUBLE": pa.float64(),
        "CHAR": pa.string(), "VARCHAR": pa.string(), "STRING": pa.string(), "BYTES": pa.binary(),
        "BINARY": pa.binary(), "VARBINARY": pa.binary(), "DATE": pa.date32(),
        "TIME": pa.time32("ms"),
    }  # fmt: skip
    base = base.strip()
    if base in simple:
        return simple[base]
    if base in ("DECIMAL", "DEC", "NUMERIC"):
        return pa.decimal128(*((*numbers, 0)[:2] if numbers else (10, 0)))
    if base in ("TIMESTAMP", "TIMESTAMP_LTZ"):
        unit = "us" if not numbers or numbers[0] <= 6 else "ns"
        return pa.timestamp(unit, tz="UTC" if base == "TIMESTAMP_LTZ" else None)
    raise TypeError(f"arrow functions do not take the type {type_}; write a general function")


def _one_by_one(function: Any, inputs: Sequence[str], result: str) -> Callable[..., Any]:
    """An arrow function as a function of one row's values."""

    def call(*args: Any) -> Any:
        import pyarrow as pa  # noqa: PLC0415

        columns = [pa.array([a], type=_arrow_type(t)) for a, t in zip(args, inputs, strict=True)]
        made = getattr(function, "eval", function)(*columns)
        return made.cast(_arrow_type(result))[0].as_py()

    call.__name__ = _name(function)
    return call
