"""The newest checkpoint is damaged while the engine is down.

It must be refused, since its output may have been seen, or set aside where nobody can have; the
file is then put back, as from a backup.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene

REFUSED = "engine.checkpoint-damaged"
_WITHIN_S = 60.0


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    engine = scene.engine
    engine.kill()
    newest = engine.newest()
    if not newest:
        scene.notes.append("there was no checkpoint yet")
        engine.start()
        yield
        return
    path = engine.store.path(newest)
    backup = scene.folder / "backup.checkpoint"
    shutil.copyfile(path, backup)
    _damage(path, given["how"], float(given["at"]))
    engine.start()
    limit = time.monotonic() + _WITHIN_S
    while engine.alive and engine.newest() <= newest and time.monotonic() < limit:
        time.sleep(0.02)
    if not engine.alive:
        scene.refused("a damaged checkpoint", REFUSED)
        shutil.copyfile(backup, path)
        engine.start()
    elif engine.newest() > newest:
        scene.notes.append("it was set aside")
    else:
        scene.wrong.append("a damaged checkpoint was neither refused nor set aside")
    yield


def _damage(path: Path, how: str, at: float) -> None:
    data = bytearray(path.read_bytes())
    place = min(len(data) - 1, int(at * len(data)))
    if how == "flip":
        data[place] ^= 0x10
    else:
        del data[place:]
    path.write_bytes(data)


def _draw(rng: Random) -> dict[str, str]:
    return {"how": rng.choice(("flip", "cut")), "at": f"{rng.random():.3f}"}


FAULT = Fault(
    "damaged-checkpoint", "a byte of the newest checkpoint is wrong, or its end is missing",
    _inject, draw=_draw,
)  # fmt: skip
