"""The login: a page with one small script, and a form that takes a token."""

from __future__ import annotations

import html
import math
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tidemill.console.hub import Hub
from tidemill.console.security.audit import note
from tidemill.console.security.rate_limit import LoginLimit
from tidemill.console.security.sessions import IDLE_S

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tidemill: log in</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/console-assets/login.css"></head>
<body><main><h1>Tidemill</h1>
<form method="post" action="/login">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<input name="next" type="hidden" value="{next}">
<p role="alert">{message}</p>
<button type="submit">Log in</button>
</form>
<p class="hint"><code>tidemill console</code> printed the token when it started.</p>
</main><script src="/console-assets/login.js"></script></body></html>
"""


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)
    limit = LoginLimit()

    @routes.get("/login")
    def page(next: str = "/") -> HTMLResponse:
        return _page(next, "")

    @routes.post("/login")
    def login(
        request: Request, token: Annotated[str, Form()], next: Annotated[str, Form()] = "/"
    ) -> Response:
        address = request.client.host if request.client else "unknown"
        wait_s = limit.wait_s(address)
        if wait_s > 0:
            note(None, "login", "-", "refused: too many failures", address)
            refused = _page(next, f"Too many tries. Wait {math.ceil(wait_s)} s.", 429)
            refused.headers["retry-after"] = str(math.ceil(wait_s))
            return refused
        made = hub.gate.sessions.login(token.strip(), address)
        if made is None:
            limit.failed(address)
            note(None, "login", "-", "refused: unknown token", address)
            return _page(next, "This is not a token of this console.", 401)
        key, session = made
        note(session, "login", "-", "done", address)
        answer = RedirectResponse(_inside(next), status_code=303)
        answer.set_cookie(
            hub.gate.cookie, key, max_age=int(IDLE_S), path="/", secure=hub.gate.tls,
            httponly=True, samesite="strict",
        )  # fmt: skip
        return answer

    return routes


def _page(target: str, message: str, status: int = 200) -> HTMLResponse:
    text = _PAGE.format(next=html.escape(_inside(target)), message=html.escape(message))
    return HTMLResponse(text, status_code=status)


def _inside(target: str) -> str:
    """A path of this console, whatever was asked for: never another host."""
    plain = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if plain and target.isprintable() else "/"
