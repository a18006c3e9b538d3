"""The broker of a measurement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tidemill.control.down import down
from tidemill.control.up import up
from tidemill.services import running_endpoints


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """A Kafka of its own for the measurement, ended afterwards."""
    state = folder / "servers"
    up(state, ["kafka"])
    try:
        yield running_endpoints(state)["kafka"].properties["bootstrap.servers"]
    finally:
        down(state)
