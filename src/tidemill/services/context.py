"""What the supervisor hands to a server when it makes one."""

from __future__ import annotations

from collections.abc import Callable

from tidemill.interfaces.service import Service
from tidemill.records import dataclass
from tidemill.services.settings import ServerSettings


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """The server's settings, and where it says what the user should know (`note`)."""

    settings: ServerSettings
    note: Callable[[str], None]


ServiceFactory = Callable[[ServiceContext], Service]
