"""The audit log: who logged in, and every change that was asked for, with how it ended.

Lines of JSON in the project's `logs/console.jsonl`; no token and no message's content is in it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.console.security.sessions import Session
from tidemill.errors import TidemillError

_log = logging.getLogger("tidemill.console.audit")


def note(session: Session | None, action: str, target: str, outcome: str, address: str) -> None:
    """Write one line."""
    who = "nobody" if session is None else session.name
    role = None if session is None else session.role
    _log.info(
        "%s %s: %s", action, target, outcome,
        extra={"session": who, "role": role, "address": address, "action": action,
               "target": target, "outcome": outcome},
    )  # fmt: skip


@contextmanager
def audited(session: Session, action: str, target: str) -> Iterator[None]:
    """Write how the change in the block ended."""
    try:
        yield
    except TidemillError as error:
        note(session, action, target, error.code, session.address)
        raise
    except BaseException as error:
        note(session, action, target, type(error).__name__, session.address)
        raise
    note(session, action, target, "done", session.address)
