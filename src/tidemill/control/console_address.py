"""Where the project's console runs, for the commands that print its address."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tidemill.project import ensure_state_dir
from tidemill.services.prometheus import TARGETS
from tidemill.services.state import read_json, write_json

_FILE = "console.json"


@contextmanager
def announced(state_dir: Path, url: str) -> Iterator[None]:
    """Say that the console runs here, while the block runs."""
    file = ensure_state_dir(state_dir) / _FILE
    own = {"pid": os.getpid(), "created": psutil.Process().create_time(), "url": url}
    write_json(file, own)
    _tell_prometheus(state_dir, url)
    try:
        yield
    finally:
        if read_json(file) == own:
            file.unlink(missing_ok=True)


def _tell_prometheus(state_dir: Path, url: str) -> None:
    """Where to scrape; it stays when the console ends, so that its absence is noticed."""
    scheme, _, target = url.partition("://")
    found = [{"targets": [target], "labels": {"__scheme__": scheme}}]
    write_json(state_dir / TARGETS, found)


def console_address(state_dir: Path) -> str | None:
    """The console's address, if one runs for this project."""
    said = read_json(state_dir / _FILE)
    if not isinstance(said, dict):
        return None
    try:
        created = psutil.Process(said["pid"]).create_time()
    except (psutil.Error, KeyError, TypeError):
        return None
    return str(said["url"]) if abs(created - float(said["created"])) < 1.0 else None
