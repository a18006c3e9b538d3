"""One partition while it is read: where it stands, and what is stored to go on from there."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.connectors.kafka.lsn_fence import LsnFence
from tidemill.connectors.kafka.repeats import Repeats
from tidemill.connectors.kafka.startup import Partition
from tidemill.connectors.kafka.topic_ids import KEY
from tidemill.model import JsonValue, Position


class Reading:
    """`next` is the offset to go on from, None before it is known; `ids` are those of topics."""

    def __init__(self, at: Partition, name: str, end: int | None, ids: Mapping[str, str]) -> None:
        self.at = at
        self.name = name
        self.end = end
        self._ids = ids
        self.next: int | None = None
        self.assigned = False
        self.repeats: Repeats | None = None

    @property
    def ended(self) -> bool:
        """Whether a bounded partition has delivered its last message."""
        return self.end is not None and self.next is not None and self.next >= self.end

    def lag(self, known_end: int | None) -> int | None:
        """Messages before the broker's end, or its own, that were not read; None: not known."""
        if known_end is None or self.next is None:
            return None
        end = known_end if self.end is None else min(known_end, self.end)
        return max(0, end - self.next)

    def position(self) -> Position:
        """What has to be stored to go on from here, once something was read."""
        assert self.next is not None
        kept: dict[str, JsonValue] = {"offset": self.next, KEY: self._ids.get(self.at[0])}
        if self.repeats is None:
            return kept
        kept["changes"] = self.repeats.state()
        if isinstance(self.repeats, LsnFence):
            kept["fence"] = self.repeats.fence_state()
        return kept
