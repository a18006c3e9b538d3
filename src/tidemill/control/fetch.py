"""Use case `fetch`: the servers' files are in the cache, so that a later start needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tidemill.control.up import Progress, download_events
from tidemill.services.cache import cache_folder
from tidemill.services.install import install
from tidemill.services.java import find_java
from tidemill.services.registry import EVERYDAY, SERVICES, with_dependencies


@dataclass(frozen=True, slots=True)
class Fetched:
    """Which servers can start offline now, and where their files are."""

    servers: tuple[str, ...]
    cache: str
    java: str


def fetch(servers: Sequence[str] = (), progress: Progress | None = None) -> Fetched:
    """Fetch what the named servers need (none named: all but Flink); raises ServiceError.

    Checked by SHA-256; what is there already is not fetched again.
    """
    names = with_dependencies(tuple(servers) or EVERYDAY)
    report = progress or (lambda _: None)
    install([e for name in names for e in SERVICES[name].installs], download_events(report))
    return Fetched(names, str(cache_folder()), str(find_java()))
