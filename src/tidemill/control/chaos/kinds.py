"""Faults that several kinds have in common, and differ only in what they hit."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random

from tidemill.control.chaos.fault import CDC, PROJECT, WINDOWS, Fault, Given
from tidemill.control.chaos.scene import Scene


def killed(
    server: str, name: str, says: str, pipelines: tuple[str, ...] = (WINDOWS, CDC, PROJECT)
) -> Fault:
    """`kill -9` of a server; the supervisor starts it again."""

    @contextmanager
    def inject(scene: Scene, given: Given) -> Iterator[None]:
        if not scene.servers.kill(server):
            scene.notes.append(f"{server} was away already")
        yield
        scene.servers.wait_ready()

    return Fault(name, says, inject, pipelines=pipelines)


def fed(mode: str, name: str, says: str, records: tuple[int, int]) -> Fault:
    """The feed's next records come otherwise; `records`: between which numbers of them."""

    @contextmanager
    def inject(scene: Scene, given: Given) -> Iterator[None]:
        scene.feed.turn(mode, int(given["records"]))
        yield

    def draw(rng: Random) -> dict[str, str]:
        return {"records": str(rng.randint(*records))}

    return Fault(name, says, inject, hold_s=(0.2, 1.0), draw=draw, pipelines=(WINDOWS,))


def lift_limit(pid: int, kind: int, before: tuple[int, int]) -> None:
    """Give a process back the limit that it had; nothing where it has ended meanwhile."""
    with suppress(ProcessLookupError):
        resource.prlimit(pid, kind, before)
