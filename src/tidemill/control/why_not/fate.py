"""What became of a message."""

from __future__ import annotations

from typing import Any

from tidemill.control.why_not.place import Place
from tidemill.engine.accounting import Account
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """What the message does to a sink: rows that are there because of it, and rows that are not."""

    sink: str
    adds: tuple[dict[str, Any], ...]
    takes: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Fate:
    """The answer. `ended` is where the message ended, None where it reached a sink.

    `steps` are the lines of the account that it changes.
    """

    pipeline: str
    place: Place
    table: str
    ended: str | None
    said: tuple[str, ...]
    steps: tuple[Account, ...] = ()
    effects: tuple[Effect, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "pipeline": self.pipeline,
            "message": str(self.place),
            "table": self.table,
            "ended": self.ended,
            "said": list(self.said),
            "steps": [step.as_dict() for step in self.steps],
            "effects": [
                {"sink": e.sink, "adds": list(e.adds), "takes": list(e.takes)} for e in self.effects
            ],
        }
