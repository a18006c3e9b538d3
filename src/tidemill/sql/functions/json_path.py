"""Paths into JSON, as Flink's JSON functions take them (the JsonPath library behind a mode)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

from tidemill.records import dataclass
from tidemill.sql.functions.registry import FunctionArgumentError

_MODE = re.compile(r"\s*(strict|lax)\s+(.+)", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"[^\W\d][\w-]*|[\w-]+")
_INDEXES = re.compile(r"\[\s*(-?\d+(?:\s*,\s*-?\d+)*)\s*\]", re.ASCII)
_SLICE = re.compile(r"\[\s*(-?\d+)?\s*:\s*(-?\d+)?\s*\]", re.ASCII)
_QUOTED = re.compile(r"""\[\s*((?:'[^'\\]*'|"[^"\\]*")(?:\s*,\s*(?:'[^'\\]*'|"[^"\\]*"))*)\s*\]""")
_ONE_QUOTED = re.compile(r"""'([^'\\]*)'|"([^"\\]*)\"""")
_WILDCARD = re.compile(r"\[\s*\*\s*\]|\*")


@dataclass(frozen=True, slots=True)
class Names:
    """Fields of an object."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indexes:
    """Elements of an array; a negative index counts from its end."""

    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """Elements from one index to before another."""

    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class Wildcard:
    """All values of an object or array."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What follows, at any depth."""


Step: TypeAlias = Names | Indexes | Slice | Wildcard | Scan


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path; `lax` forgives what is not there. The library's default mode here is strict."""

    lax: bool
    steps: tuple[Step, ...]

    @property
    def definite(self) -> bool:
        """Whether it leads to one value at most; else it leads to a list."""
        last = len(self.steps) - 1
        return all(is_definite(step, i == last) for i, step in enumerate(self.steps))

    def plain_steps(self) -> list[str | int] | None:
        """Single names and indexes from 0, or None where it has anything else."""
        plain: list[str | int] = []
        for step in self.steps:
            if isinstance(step, Names) and len(step.names) == 1:
                plain.append(step.names[0])
            elif isinstance(step, Indexes) and len(step.indexes) == 1 and step.indexes[0] >= 0:
                plain.append(step.indexes[0])
            else:
                return None
        return plain


def is_definite(step: Step, leaf: bool) -> bool:
    """Whether a step leads to one value; several names do at the end, where they make an object."""
    if isinstance(step, Names):
        return leaf or len(step.names) == 1
    return isinstance(step, Indexes) and len(step.indexes) == 1


@lru_cache(maxsize=512)
def json_path(path: str) -> JsonPath:
    """Read a path.

    Raises:
        FunctionArgumentError: for one that is none, and for filters and functions.
    """
    moded = _MODE.fullmatch(path)
    lax = moded is not None and moded[1].lower() == "lax"
    text = (moded[2] if moded else path).strip()
    if not text.startswith(("$", "@")):
        text = f"$.{text}"
    return JsonPath(lax, tuple(_steps(text, path)))


def _steps(text: str, path: str) -> list[Step]:
    steps: list[Step] = []
    index = 1
    while index < len(text):
        if text.startswith("..", index):
            steps.append(Scan())
            index += 2
        elif text[index] == ".":
            index += 1
        elif text[index] != "[":
            raise _refused(path)
        found = _step(text, index)
        if found is None:
            raise _refused(path)
        step, index = found
        steps.append(step)
    return steps


def _step(text: str, index: int) -> tuple[Step, int] | None:
    for pattern in (_WILDCARD, _INDEXES, _SLICE, _QUOTED, _NAME):
        found = pattern.match(text, index)
        if found is None:
            continue
        if pattern is _WILDCARD:
            return Wildcard(), found.end()
        if pattern is _INDEXES:
            return Indexes(tuple(int(i) for i in found[1].split(","))), found.end()
        if pattern is _SLICE:
            return _slice(found[1], found[2], found.end())
        if pattern is _QUOTED:
            names = tuple(a or b for a, b in _ONE_QUOTED.findall(found[1]))
            return Names(names), found.end()
        after = text[found.end() : found.end() + 1]
        return (Names((found[0],)), found.end()) if after in ("", ".", "[") else None
    return None


def _slice(start: str | None, stop: str | None, end: int) -> tuple[Step, int] | None:
    if start is None and stop is None:
        return None
    if start and stop and (start.startswith("-") or stop.startswith("-")):
        return None  # the library counts these in a way of its own
    return Slice(int(start) if start else None, int(stop) if stop else None), end


def _refused(path: str) -> FunctionArgumentError:
    return FunctionArgumentError(
        f"does not take the path {path!r}",
        hint="Use names, indexes, slices, * and .., as in $.a.b[0], $['a b'], $.a[*].c or $..c.",
    )
