"""The disk of the engine's state is full: a small tmpfs of its own, and a file that fills it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from tidemill.control.chaos.fault import Fault, Given
from tidemill.control.chaos.scene import Scene

REFUSED = "engine.checkpoint-io"
_SIZE_BYTES = 64 << 20
_WITHIN_S = 60.0


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    engine = scene.engine
    engine.kill()
    state = engine.store.folder
    with _small(state):
        engine.start()
        ballast = state / "ballast"
        with ballast.open("wb", buffering=0) as file:
            # Again and again, as the engine frees some of it.
            scene.must_end(_WITHIN_S, "a full disk", REFUSED, lambda: _fill(file))
        yield
        ballast.unlink()
        engine.start()
        engine.wait_gone(1.0)
        engine.kill()
    engine.start()


@contextmanager
def _small(folder: Path) -> Iterator[None]:
    """Put a small file system under a folder, its files in it; at the end they come back."""
    aside = folder.with_name("aside")
    shutil.copytree(folder, aside)
    _mount("mount", "-t", "tmpfs", "-o", f"size={_SIZE_BYTES},mode=0700", "tmpfs", str(folder))
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        shutil.rmtree(aside)
        yield
    finally:
        shutil.copytree(folder, aside, dirs_exist_ok=True)
        _mount("umount", "-l", str(folder))
        shutil.rmtree(folder)
        aside.rename(folder)


def _fill(ballast: FileIO) -> None:
    """Leave no room."""
    size = 1 << 20
    while size:
        try:
            ballast.write(bytes(size))
        except OSError:
            size //= 2


def _mount(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _missing(scene: Scene) -> str | None:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return "only root may mount a file system"
    place = scene.folder / "mount-probe"
    place.mkdir(exist_ok=True)
    try:
        _mount("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place))
    except subprocess.CalledProcessError:
        return "this machine does not let a file system be mounted"
    _mount("umount", str(place))
    place.rmdir()
    return None


FAULT = Fault(
    "full-disk", "the disk of the state is full, and has room again", _inject, hold_s=(0.0, 1.0),
    missing=_missing,
)  # fmt: skip
