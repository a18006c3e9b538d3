"""Tokens and sessions, in memory, kept as hashes only: a restart ends all sessions.

A token is exchanged for a session by `login`, or sent as `Authorization: Bearer`. Comparisons take
the same time whatever differs.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import field
from typing import Literal

from tidemill.records import dataclass

Role = Literal["operator", "viewer"]
IDLE_S = 12 * 3600.0
SESSIONS_MAX = 200


@dataclass(slots=True)
class Session:
    """Somebody who has logged in; `csrf` must come with every change that a browser asks for."""

    name: str
    role: Role
    csrf: str
    address: str
    seen_s: float
    closed: bool = False

    @property
    def may_change(self) -> bool:
        """Whether it may change anything."""
        return self.role == "operator" and not self.closed


@dataclass
class Sessions:
    """The tokens that are taken, and the sessions made with them."""

    read_only: bool = False
    now_s: Callable[[], float] = time.monotonic
    _tokens: dict[str, Role] = field(default_factory=dict)
    _open: dict[str, Session] = field(default_factory=dict)

    def allow(self, token: str, role: Role) -> None:
        """Take this token from now on; a read-only console makes every role a viewer."""
        self._tokens[_hash(token)] = "viewer" if self.read_only else role

    def bearer(self, token: str, address: str) -> Session | None:
        """The one who sends this token with each request."""
        role = self._role(token)
        return None if role is None else Session("bearer", role, "", address, self.now_s())

    def login(self, token: str, address: str) -> tuple[str, Session] | None:
        """A new session's key and itself; None where the token is not known."""
        role = self._role(token)
        if role is None:
            return None
        self._expire()
        while len(self._open) >= SESSIONS_MAX:
            oldest = min(self._open, key=lambda key: self._open[key].seen_s)
            self._open.pop(oldest).closed = True
        key = secrets.token_urlsafe(32)
        name = secrets.token_hex(4)
        session = Session(name, role, secrets.token_urlsafe(24), address, self.now_s())
        self._open[_hash(key)] = session
        return key, session

    def find(self, key: str) -> Session | None:
        """The session of a cookie, if it is open and was used lately."""
        session = self._open.get(_hash(key))
        if session is None or session.closed:
            return None
        if self.now_s() - session.seen_s > IDLE_S:
            session.closed = True
            return None
        session.seen_s = self.now_s()
        return session

    def logout(self, session: Session) -> None:
        """End a session: what its pages still ask for is refused."""
        session.closed = True
        self._expire()

    def _expire(self) -> None:
        limit = self.now_s() - IDLE_S
        for key, session in list(self._open.items()):
            if session.closed or session.seen_s < limit:
                session.closed = True
                del self._open[key]

    def _role(self, token: str) -> Role | None:
        given, found = _hash(token), None
        for known, role in self._tokens.items():
            if hmac.compare_digest(known, given):
                found = role
        return found


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
