"""What the routes share: who asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from tidemill.console.security.sessions import Session


def session_of(request: Request) -> Session:
    """The session that the guard found."""
    found: Session = request.scope["state"]["session"]
    return found


Asking = Annotated[Session, Depends(session_of)]
