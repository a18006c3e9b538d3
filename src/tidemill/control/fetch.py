"""Use case `fetch`: what servers and programs need is in the cache, for starts without network."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.control.environments import ensure_environment
from tidemill.control.up import Progress, download_events
from tidemill.records import dataclass
from tidemill.services.cache import cache_folder
from tidemill.services.environments import ENVIRONMENTS
from tidemill.services.install import install
from tidemill.services.java import find_java
from tidemill.services.registry import EVERYDAY, SERVICES, with_dependencies

ALONE = ("spark",)
"""Programs that are no servers: an environment with the jars of the same name."""

PYTHON_ONLY = ("learning",)
"""Environments that need no jar."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What can start offline now, and where the files are."""

    servers: tuple[str, ...]
    environments: tuple[str, ...]
    cache: str
    java: str


def fetch(wanted: Sequence[str] = (), progress: Progress | None = None) -> Fetched:
    """Fetch what the named servers need (none named: the everyday ones); raises ServiceError.

    Checked by SHA-256; what is there already is not fetched again. With a server of the name of a
    Python environment, such as flink, the environment is made too.
    """
    servers = tuple(name for name in wanted if name not in (*ALONE, *PYTHON_ONLY))
    names = with_dependencies(servers or (() if wanted else EVERYDAY))
    environments = tuple(name for name in dict.fromkeys(wanted) if name in ENVIRONMENTS)
    report = progress or (lambda _: None)
    entries = [e for name in names for e in SERVICES[name].installs]
    install([*entries, *(name for name in wanted if name in ALONE)], download_events(report))
    for name in environments:
        ensure_environment(name, report)
    return Fetched(names, environments, str(cache_folder()), str(find_java()))
