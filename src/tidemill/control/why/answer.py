"""What stands behind a row."""

from __future__ import annotations

from typing import Any

from tidemill.control.message_view import MessageView
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """One message; `message` is None where it was not fetched or is gone."""

    topic: str
    partition: int
    offset: int
    message: MessageView | None = None

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"


@dataclass(frozen=True, slots=True)
class Reason:
    """One row as it was computed anew, its values as text, and what it is made of.

    `tables` are those whose rows are part of it and that are no topics.
    """

    row: dict[str, str]
    origins: tuple[Origin, ...]
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """The answer. `held` are the rows of the key that the sink holds, None where it cannot say."""

    pipeline: str
    sink: str
    key: dict[str, str]
    epoch: int
    held: tuple[dict[str, str], ...] | None
    reasons: tuple[Reason, ...]
    said: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "pipeline": self.pipeline,
            "sink": self.sink,
            "key": self.key,
            "epoch": self.epoch,
            "held": None if self.held is None else list(self.held),
            "rows": [
                {
                    "row": reason.row,
                    "messages": [_message(origin) for origin in reason.origins],
                    "tables": list(reason.tables),
                }
                for reason in self.reasons
            ],
            "said": list(self.said),
        }


def _message(origin: Origin) -> dict[str, Any]:
    found: dict[str, Any] = {"message": str(origin)}
    if origin.message is not None:
        found |= {"key": origin.message.key.value, "value": origin.message.value.value}
    return found
