"""Flink types of a function's arguments and result, from its annotations."""

from __future__ import annotations

import datetime
import decimal
import inspect
import types
import typing
from collections.abc import Callable, Sequence
from typing import Any

Types = Sequence[str] | str | None

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


def name_of(function: Any) -> str:
    """The name of a function, or of an object's class."""
    return str(getattr(function, "__name__", type(function).__name__))


def _method(function: Any, method: str) -> Callable[..., Any]:
    if inspect.isclass(function):
        raise TypeError(f"{function.__name__} is a class: give an object, {function.__name__}()")
    found = getattr(function, method, function)
    if not callable(found):
        raise TypeError(f"{name_of(function)} is no function")
    return typing.cast("Callable[..., Any]", found)


def hints_of(function: Any, method: str) -> dict[str, Any]:
    """The annotations of a function, or of an object's method, evaluated."""
    return typing.get_type_hints(_method(function, method))


def listed(given: Types) -> tuple[str, ...]:
    """One type or several, as several."""
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def inputs_of(
    given: Types, hints: dict[str, Any], function: Any, method: str, skip: int = 0
) -> tuple[str, ...] | None:
    """The types of the arguments: as given, from all annotations, or None without any."""
    if given is not None:
        return listed(given)
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
        raise TypeError(f"{name_of(function)} has no type for its argument {missing}")
    return tuple(_from_annotation(hints[p.name], function) for p in wanted)


def result_of(hints: dict[str, Any]) -> str | None:
    """The type of the result by its annotation, if there is one."""
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
    raise TypeError(f"{of if isinstance(of, str) else name_of(of)}: no Flink type for {shown}")


def is_pure(function: Any, given: bool | None) -> bool:
    """Whether a function is deterministic: as given, else as it says itself."""
    if given is not None:
        return given
    own = getattr(function, "is_deterministic", None)
    return bool(own()) if callable(own) else True
