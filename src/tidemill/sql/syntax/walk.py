"""Walking over a syntax tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from tidemill.sql.syntax.nodes import Node, Path


def names_in(node: Node) -> set[str]:
    """The first parts of all names in an expression: the columns it may read."""
    return {path.parts[0].text for path in _paths(node)}


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _paths(part)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _paths(getattr(value, field.name))
