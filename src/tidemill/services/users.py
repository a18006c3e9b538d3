"""The user whom a server runs as when Tidemill itself runs as root."""

from __future__ import annotations

import os
import pwd

from tidemill.errors import ServiceError, Where
from tidemill.records import dataclass

_CANDIDATES = ("nobody", "daemon", "postgres")


@dataclass(frozen=True, slots=True)
class User:
    """A user of the system, by name and numbers."""

    name: str
    uid: int
    gid: int


def is_root() -> bool:
    """Whether we run as root."""
    return os.geteuid() == 0


def find_user(name: str) -> User:
    """A user by name; raises ServiceError where the system has none of this name."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise ServiceError(
            f"there is no user `{name}` on this system",
            code="service.unsupported-user",
            hint="Run Tidemill as a user other than root.",
        ) from None
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid)


def unprivileged_user(server: str) -> User:
    """A user without rights, for a server that refuses to run as root."""
    entries = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in [*_CANDIDATES, *entries]:
        if name in entries:
            return User(name, entries[name].pw_uid, entries[name].pw_gid)
    raise ServiceError(
        f"{server} refuses to run as root, and the system has no other user",
        code="service.unsupported-user",
        where=Where(server=server),
        hint="Run Tidemill as a user other than root, or add a user `nobody`.",
    )
