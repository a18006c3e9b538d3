"""A commit group as the engine is given it: a factory, and the tables it takes.

After a failure the engine throws a group away and makes a new one; so it needs the factory.
"""

from __future__ import annotations

from collections.abc import Callable

from tidemill.interfaces.sink import CommitGroup
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """One commit group. `name` is stable across restarts and stands in checkpoints."""

    name: str
    tables: tuple[str, ...]
    factory: Callable[[], CommitGroup]
