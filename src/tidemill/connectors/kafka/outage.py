"""A cluster that does not answer: waited for, but not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

from confluent_kafka import KafkaError

OUTAGE_SECONDS_MAX = 120.0
_DOWN = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._RESOLVE)


class Outage:
    """How long no broker has answered; of one thread."""

    def __init__(self) -> None:
        self._since_s: float | None = None

    def met(self, error: KafkaError) -> bool:
        """Whether an error says that no broker answers; then time counts."""
        if error.code() not in _DOWN:
            return False
        if self._since_s is None:
            self._since_s = time.monotonic()
        return True

    def over(self) -> None:
        """A broker has answered."""
        self._since_s = None

    def check(self, ask: Callable[[], object]) -> None:
        """After too long, `ask` the cluster, which raises where it still does not answer."""
        if self._since_s is None or time.monotonic() - self._since_s < OUTAGE_SECONDS_MAX:
            return
        ask()
        self._since_s = None
