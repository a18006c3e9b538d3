"""Use case `doctor`, the part about servers: can they run on this machine?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tidemill.services.doctor import Check, check_servers

__all__ = ["Check", "doctor_servers"]


def doctor_servers(state_dir: Path, services: Sequence[str] | None = None) -> list[Check]:
    """Look at platform, user, disk, memory, ports, Java, Postgres and all fetched files."""
    return check_servers(state_dir, services)
