"""The keyed states of one operator as one: one delta, one restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from tidemill.interfaces.operator import StateDelta


class Part(Protocol):
    """One of the states."""

    def delta(self) -> StateDelta | None:
        """What changed since the last call."""
        ...

    def whole(self) -> StateDelta:
        """Everything, as a base."""
        ...

    def restore(self, deltas: Sequence[StateDelta]) -> None:
        """Rebuild from a base and the deltas after it."""
        ...


def delta_of(states: Mapping[str, Part], meta: dict[str, str] | None = None) -> StateDelta | None:
    """What changed in any of the states; where one gives a base, all do."""
    deltas = {name: state.delta() for name, state in states.items()}
    found = {name: delta for name, delta in deltas.items() if delta is not None}
    if not found:
        return None
    base = any(delta.base for delta in found.values())
    if base:
        found = {name: state.whole() for name, state in states.items()}
    tables = {f"{n}.{part}": t for n, d in found.items() for part, t in d.tables.items()}
    return StateDelta(base, tables, meta or {})


def restore_all(states: Mapping[str, Part], deltas: Sequence[StateDelta]) -> None:
    """Rebuild all states from a base and the deltas after it."""
    for name, state in states.items():
        prefix = name + "."
        chain = []
        for delta in deltas:
            tables = {
                part.removeprefix(prefix): table
                for part, table in delta.tables.items()
                if part.startswith(prefix)
            }
            if tables:
                chain.append(StateDelta(delta.base, tables, {}))
        state.restore(chain)
