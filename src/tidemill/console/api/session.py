"""Who is logged in, and the end of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from tidemill.console.api.acting import Asking
from tidemill.console.hub import Hub
from tidemill.console.security.audit import note


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/session", tags=["session"])

    @routes.get("")
    def session(asking: Asking) -> dict[str, Any]:
        """The role of this session, and the CSRF token that its changes must carry."""
        return {"name": asking.name, "role": asking.role, "csrf_token": asking.csrf}

    @routes.post("/logout")
    def logout(asking: Asking, response: Response) -> dict[str, str]:
        """End this session."""
        hub.gate.sessions.logout(asking)
        note(asking, "logout", "-", "done", asking.address)
        response.delete_cookie(hub.gate.cookie, path="/", samesite="strict", httponly=True)
        return {"state": "logged out"}

    return routes
