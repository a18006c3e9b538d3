"""Rides at a fixed rate for hours, from a program in C (`bench/programs/feeder.c`).

Event i is ride i % RING with a `pickup_at` of its own: as many events as come in a second make a
minute of event time, so that a one-minute window closes each second. Python could not feed half of
what the engine reads.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import duckdb

from bench.engines.floor import compiled, librdkafka
from bench.inputs.rides import FIRST_PICKUP_MS, rides

RING = 200_000
WINDOW_MS = 60_000


class Feeder:
    """The process, once it is ready; `with` ends it."""

    def __init__(
        self, bootstrap: str, topic: str, ring: Path, rate: int, seconds: int, *, paced: bool = True
    ) -> None:
        if not ring.exists():
            write_ring(ring)
        self._process = subprocess.Popen(
            [
                compiled("feeder"), librdkafka(), bootstrap, topic, ring, str(rate), str(seconds),
                str(FIRST_PICKUP_MS), str(int(paced)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        if self._line() != "ready":
            raise SystemExit(f"the feeder ended with {self._process.wait()}")

    @property
    def running(self) -> bool:
        """Whether it still sends."""
        return self._process.poll() is None

    def result(self) -> tuple[int, float]:
        """Wait for the end: how many were sent, and by how many seconds the latest was late."""
        sent, _, late_s = self._line().partition(" ")
        if self._process.wait() or not late_s:
            raise SystemExit("the feeder could not write all events")
        return int(sent), float(late_s)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def __enter__(self) -> Feeder:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def write_ring(file: Path) -> None:
    """The rides, a line each."""
    rows = rides(0, RING, duckdb.connect())
    texts = rows.query("e", "SELECT CAST(to_json(e) AS VARCHAR) FROM e").fetchall()
    file.write_text("".join(f"{text}\n" for (text,) in texts), encoding="utf-8")
