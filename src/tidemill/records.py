"""Dataclasses that cost little until they are used.

The standard decorator writes six methods for each class as text and compiles it, 0.5 to 0.9 ms a
class. A run of one pipeline imports 430 classes and makes objects of a hundred: a third of the time
of its imports (docs/performance.md). `dataclass` here declares a class by the standard decorator
with nothing to compile, compares and prints by shared code, and asks the standard library for
`__init__` when the first object is made.

What differs from the standard decorator: `__dataclass_params__` says that nothing was generated,
and `inspect.signature` of a class tells its fields only once an object was made.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import FrozenInstanceError, fields, make_dataclass
from dataclasses import dataclass as _standard
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(
        cls: type | None = None,
        /,
        *,
        frozen: bool = False,
        slots: bool = False,
        eq: bool = True,
        kw_only: bool = False,
    ) -> Any:
        """What `dataclasses.dataclass` with the same arguments makes, later."""

        def declare(cls: type) -> type:
            return _declared(cls, frozen=frozen, slots=slots, eq=eq, kw_only=kw_only)

        return declare if cls is None else declare(cls)


def _declared(cls: type, *, frozen: bool, slots: bool, eq: bool, kw_only: bool) -> type:
    hash_is_left_to_us = cls.__dict__.get("__hash__") is None
    made: Any = _standard(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
    methods: dict[str, Any] = {"__init__": _init(made, frozen), "__repr__": _repr}
    if eq:
        methods["__eq__"] = _eq(_values(field.name for field in fields(made) if field.compare))
    if frozen:
        methods |= _refusals(made) | (_STATE if slots else {})
    for name, method in methods.items():
        if name not in made.__dict__:
            setattr(made, name, method)
    if eq and hash_is_left_to_us:
        made.__hash__ = _hash(made) if frozen else None
    return made  # type: ignore[no-any-return]


def _init(made: Any, frozen: bool) -> Callable[..., None]:
    def init(self: Any, /, *args: Any, **kwargs: Any) -> None:
        # Two threads may both get here; they put the same in place.
        made.__init__ = _compiled_init(made, frozen)
        made.__init__(self, *args, **kwargs)

    return init


def _compiled_init(made: Any, frozen: bool) -> Callable[..., None]:
    """The `__init__` that the standard library writes for the fields of a class."""
    specs = [(field.name, Any, copy.copy(field)) for field in fields(made)]
    after = getattr(made, "__post_init__", None)
    twin: Any = make_dataclass(
        made.__name__,
        specs,
        namespace={} if after is None else {"__post_init__": after},
        repr=False,
        eq=False,
        frozen=frozen,
    )
    init: Callable[..., None] = twin.__init__
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


@recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
    return f"{type(self).__qualname__}({shown})"


def _values(names: Iterable[str]) -> Callable[[Any], object]:
    names = tuple(names)
    return attrgetter(*names) if names else lambda _: ()


def _eq(values: Callable[[Any], object]) -> Callable[[Any, object], Any]:
    def eq(self: Any, other: object) -> Any:
        if other.__class__ is self.__class__:
            return values(self) == values(other)
        return NotImplemented

    return eq


def _hash(made: Any) -> Callable[[Any], int]:
    values = _values(f.name for f in fields(made) if (f.compare if f.hash is None else f.hash))

    def hash_of(self: Any) -> int:
        return hash(values(self))

    return hash_of


def _refusals(made: Any) -> dict[str, Any]:
    names = {field.name for field in fields(made)}

    def set_attribute(self: Any, name: str, value: object) -> None:
        if type(self) is made or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(made, self).__setattr__(name, value)

    def delete_attribute(self: Any, name: str) -> None:
        if type(self) is made or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(made, self).__delattr__(name)

    return {"__setattr__": set_attribute, "__delattr__": delete_attribute}


def _state(self: Any) -> list[object]:
    return [getattr(self, field.name) for field in fields(self)]


def _set_state(self: Any, state: list[object]) -> None:
    for field, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


# A frozen object with slots is copied by these, as setting its fields is refused.
_STATE = {"__getstate__": _state, "__setstate__": _set_state}
