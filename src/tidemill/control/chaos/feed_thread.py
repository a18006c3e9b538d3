"""A feed that writes from a thread of its own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod


class FeedThread(ABC):
    """`run` writes until `ending` is set."""

    def __init__(self) -> None:
        self.ending = threading.Event()
        self._thread = threading.Thread(target=self.run, name="chaos-feed", daemon=True)

    @abstractmethod
    def run(self) -> None:
        """What the thread does."""

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def turn(self, mode: str, records: int) -> bool:
        """Have the next records come otherwise; whether this feed can do that: by default not."""
        return False

    def stop(self) -> None:
        """Write no more; what was written stands."""
        self.ending.set()
        self._thread.join()

    def close(self) -> None:
        """End at once."""
        self.ending.set()
        if self._thread.is_alive():
            self._thread.join()
