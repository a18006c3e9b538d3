"""The keyword arguments of expectations, checked once: names, types, and what goes together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tidemill.errors import did_you_mean
from tidemill.quality.kinds import KINDS
from tidemill.quality.kinds.base import Argument, Kind

_SCALARS = (str, int, float, bool, Decimal, dt.date, dt.time)


class BadArgumentError(Exception):
    """What is wrong with an expectation; `argument` names which, `hint` what to do."""

    def __init__(self, message: str, argument: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.argument = argument
        self.hint = hint


def kind_of(name: str) -> Kind:
    """The kind of this name; raises BadArgumentError."""
    if name not in KINDS:
        hint = did_you_mean(name, KINDS) or f"There are: {', '.join(KINDS)}."
        raise BadArgumentError(f"there is no expectation `{name}`", None, hint)
    return KINDS[name]


def checked(kind: Kind, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without those that are null; raises BadArgumentError."""
    known = {argument.name: argument for argument in kind.arguments}
    for name in kwargs:
        if name not in known:
            hint = did_you_mean(name, known) or f"It takes: {', '.join(known)}."
            raise BadArgumentError(f"{kind.name} takes no `{name}`", name, hint)
    given = {name: value for name, value in kwargs.items() if value is not None}
    for argument in kind.arguments:
        if argument.name not in given:
            if argument.required:
                raise BadArgumentError(f"{kind.name} needs `{argument.name}`")
            continue
        if not _FITS[argument.type](given[argument.name], argument):
            wanted = _WANTED.get(argument.type) or f"one of {', '.join(argument.choices)}"
            shown = given[argument.name]
            raise BadArgumentError(
                f"`{argument.name}` takes {wanted}, not `{shown}`", argument.name
            )
    if wrong := kind.refuse(given):
        raise BadArgumentError(wrong)
    return given


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_FITS: Mapping[str, Callable[[Any, Argument], bool]] = {
    "column": lambda value, _: isinstance(value, str) and value != "",
    "columns": lambda value, _: (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(name, str) and name for name in value)
    ),
    "value": lambda value, _: isinstance(value, _SCALARS),
    "values": lambda value, _: (
        isinstance(value, list)
        and all(item is None or isinstance(item, _SCALARS) for item in value)
    ),
    "number": lambda value, _: _number(value),
    "count": lambda value, _: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "share": lambda value, _: _number(value) and 0 <= value <= 1,
    "flag": lambda value, _: isinstance(value, bool),
    "text": lambda value, _: isinstance(value, str) and value != "",
    "choice": lambda value, argument: value in argument.choices,
}
_WANTED = {
    "column": "the name of a column",
    "columns": "a list of columns",
    "value": "a number, a text or a date",
    "values": "a list of values",
    "number": "a number",
    "count": "a whole number from 0 on",
    "share": "a share from 0 to 1",
    "flag": "true or false",
    "text": "a text",
}
