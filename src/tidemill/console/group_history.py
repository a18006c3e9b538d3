"""The lag of consumer groups over the last quarter of an hour, of those that somebody looked at.

A group is sampled every five seconds from the first look on, and for a quarter of an hour behind
the last one: nobody pays for groups that nobody watches.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import field

from tidemill.control.consumer_groups import GroupDetail, groups_now, lag_by_topic
from tidemill.control.topics import Cluster
from tidemill.records import dataclass

EVERY_S = 5.0
KEPT_S = 900.0


@dataclass(frozen=True, slots=True)
class GroupSample:
    """One look at a group: its lag in records, in all and by topic."""

    at_ms: int
    lag: int
    by_topic: dict[str, int]


@dataclass
class GroupHistory:
    """The samples by group; written by the hub's thread and by looks at a page."""

    _samples: dict[str, deque[GroupSample]] = field(default_factory=dict)
    _looked_s: dict[str, float] = field(default_factory=dict)

    def of(self, group: str) -> list[GroupSample]:
        """The looks at a group, oldest first; from now on there are more."""
        self._looked_s[group] = time.monotonic()
        return list(self._samples.get(group, ()))

    def see(self, group: GroupDetail) -> None:
        """Keep a look."""
        kept = self._samples.setdefault(group.name, deque(maxlen=round(KEPT_S / EVERY_S)))
        kept.append(GroupSample(round(time.time() * 1000), group.lag_in_all, lag_by_topic(group)))

    def sample(self, cluster: Cluster) -> None:
        """Look at the watched groups now."""
        now_s = time.monotonic()
        watched = [name for name, at_s in list(self._looked_s.items()) if now_s - at_s < KEPT_S]
        for gone in set(self._samples) - set(watched):
            del self._samples[gone]
        for group in groups_now(cluster, watched) if watched else ():
            self.see(group)
