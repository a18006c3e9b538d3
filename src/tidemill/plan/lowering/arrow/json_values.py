"""What a path finds in a JSON text, step by step as the JsonPath library goes."""

from __future__ import annotations

from typing import Any

from tidemill.sql.functions.json_path import (
    Indexes,
    JsonPath,
    Names,
    Scan,
    Slice,
    Step,
    Wildcard,
    is_definite,
)


class NoPathError(Exception):
    """A strict path leads nowhere."""


def find(document: Any, path: JsonPath) -> Any:
    """The value that the path leads to, or the list of all where it is not definite.

    None stands for JSON's null, and for nothing where the path is lax.

    Raises:
        NoPathError: where a strict path leads nowhere, or to null.
    """
    walker = _Walker(path)
    try:
        if document is None:
            raise NoPathError
        walker.at(0, document)
    except NoPathError:
        if document is None or not path.lax:
            raise
        return None if path.definite else []
    if not path.definite:
        return walker.found
    if not walker.found:
        if path.lax:
            return None
        raise NoPathError
    if walker.found[-1] is None and not path.lax:
        raise NoPathError
    return walker.found[-1]


class _Walker:
    def __init__(self, path: JsonPath) -> None:
        self.lax = path.lax
        self.steps = path.steps
        self.found: list[Any] = []
        last = len(path.steps) - 1
        definite = [True]
        for i, step in enumerate(path.steps):
            definite.append(definite[-1] and is_definite(step, i == last))
        self.sure = definite
        """Whether all steps before the i-th lead to one value."""

    def leaf(self, index: int) -> bool:
        return index == len(self.steps) - 1

    def at(self, index: int, value: Any) -> None:
        """Take the step of that number from a value."""
        if index == len(self.steps):
            self.found.append(value)
            return
        step = self.steps[index]
        match step:
            case Names():
                self.names(index, step, value)
            case Indexes() | Slice():
                self.elements(index, step, value)
            case Wildcard():
                self.all(index, value)
            case Scan():
                self.scan(index, value)

    def names(self, index: int, step: Names, value: Any) -> None:
        if not isinstance(value, dict):
            if self.sure[index]:
                raise NoPathError
            return
        if len(step.names) > 1 and self.leaf(index):
            self.found.append({name: value[name] for name in step.names if name in value})
            return
        for name in step.names:
            if name in value:
                self.at(index + 1, value[name])
            elif not self.leaf(index) and self.sure[index + 1] and not self.lax:
                raise NoPathError

    def elements(self, index: int, step: Indexes | Slice, value: Any) -> None:
        if not isinstance(value, list):
            if self.sure[index] and not self.lax:
                raise NoPathError
            return
        for place in _places(step, len(value)):
            if 0 <= place < len(value):
                self.at(index + 1, value[place])

    def all(self, index: int, value: Any) -> None:
        values = value.values() if isinstance(value, dict) else value
        for one in values if isinstance(value, (dict, list)) else ():
            self.at(index + 1, one)

    def scan(self, index: int, value: Any) -> None:
        """The next step from the value and from all in it; the library's own order and skips."""
        following = self.steps[index + 1]
        if isinstance(value, dict):
            if _applies(following, value, self.leaf(index + 1)):
                self.at(index + 1, value)
            for one in value.values():
                self.scan(index, one)
        elif isinstance(value, list):
            if _applies(following, value, self.leaf(index + 1)):
                if self.leaf(index + 1):
                    self.at(index + 1, value)
                else:
                    for one in value:
                        self.at(index + 2, one)
            for one in value:
                self.scan(index, one)


def _places(step: Indexes | Slice, length: int) -> list[int]:
    if isinstance(step, Indexes):
        return [i + length if i < 0 else i for i in step.indexes]
    start, stop = step.start, step.stop
    if start is not None and start < 0:
        start = max(0, length + start)
    if stop is not None and stop < 0:
        stop = length + stop
    return list(range(start or 0, length if stop is None else min(stop, length)))


def _applies(step: Step, value: Any, leaf: bool) -> bool:
    if isinstance(step, Wildcard):
        return True
    if isinstance(step, Names):
        if not isinstance(value, dict):
            return False
        return not is_definite(step, leaf) or all(name in value for name in step.names)
    return isinstance(value, list)
