"""Which Maven repository the server files come from.

Order: the environment variable `TIDEMILL_MAVEN_REPOSITORY`, then a mirror for everything or for
`central` in `~/.m2/settings.xml`, then the public repository as the library `jgo` names it.
"""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

VARIABLE = "TIDEMILL_MAVEN_REPOSITORY"


def repository_url() -> str:
    """The base address of the Maven repository, without a slash at the end."""
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        given = _settings_mirror(Path.home() / ".m2" / "settings.xml") or _public_repository()
    return given.rstrip("/")


def _public_repository() -> str:
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 - slow, and seldom needed

    return str(MAVEN_CENTRAL_URL)


def _settings_mirror(path: Path) -> str | None:
    """The first mirror that stands for the central repository; None where there is none."""
    try:
        # The user's own Maven settings: as trusted as the user's shell profile.
        root = ElementTree.fromstring(path.read_bytes())  # noqa: S314
    except (OSError, ElementTree.ParseError):
        return None
    for mirror in root.iter():
        if _local(mirror.tag) != "mirror":
            continue
        parts = {_local(child.tag): (child.text or "").strip() for child in mirror}
        if _stands_for_central(parts.get("mirrorOf", "")) and parts.get("blocked") != "true":
            return parts.get("url") or None
    return None


def _stands_for_central(mirror_of: str) -> bool:
    names = {name.strip() for name in mirror_of.split(",")}
    return "!central" not in names and bool(names & {"*", "central", "external:*"})


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
