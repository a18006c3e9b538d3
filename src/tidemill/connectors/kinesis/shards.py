"""The shards of a stream: which there are, which may be read, and where each one stands.

A shard's position is `{"after": sequence number}`, `{"from": how it began}` before its first
record, and has `"closed": true` once it was split or merged and is read to its end.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from typing import Any

from tidemill.errors import ConnectorError, Where
from tidemill.model import Position
from tidemill.records import dataclass

EARLIEST = {"from": "TRIM_HORIZON"}


@dataclass
class Shard:
    """One shard while it is read."""

    id: str
    parents: tuple[str, ...]
    position: dict[str, Any]
    iterator: str | None = None
    behind_ms: int | None = None
    told: bool = field(default=False)
    """Whether its first position has been given to the engine."""
    ended: bool = False
    """Whether the stream lists it as split or merged; it may still have records to read."""

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        return bool(self.position.get("closed"))

    def iterator_request(self) -> dict[str, Any]:
        """The arguments of GetShardIterator that go on at the position."""
        if "after" in self.position:
            return {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": self.position["after"],
            }
        begun = self.position["from"]
        if begun == "TRIM_HORIZON":
            return {"ShardIteratorType": "TRIM_HORIZON"}
        moment = dt.datetime.fromtimestamp(begun / 1000, dt.UTC)
        return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": moment}


def checked_position(position: Position, shown: str) -> dict[str, Any]:
    """A stored position; ConnectorError where it is none."""
    if isinstance(position, dict):
        after, begun = position.get("after"), position.get("from")
        if (isinstance(after, str) and after.isdigit()) or (
            begun == "TRIM_HORIZON" or type(begun) is int
        ):
            return dict(position)
    raise ConnectorError(
        f"`{position}` is no position in {shown}",
        code="connector.bad-position",
        where=Where(server=shown),
        hint="Give the pipeline another name, so that it starts anew.",
    )


def readable(shards: dict[str, Shard]) -> list[Shard]:
    """The shards that may be read now: open, and no parent of theirs has rows left."""
    return [
        shard
        for shard in shards.values()
        if not shard.closed
        and all(parent not in shards or shards[parent].closed for parent in shard.parents)
    ]
