"""The guard before every route, the live channel of the pages included.

It refuses by default: without a session or token nothing is answered but the login page and its
style. In this order: the Host must be one of ours (DNS rebinding); what changes anything, and the
live channel, must come from our own origin; somebody must be logged in; a change that a browser
asks for must carry its session's CSRF token; a viewer changes nothing.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tidemill.console.security.audit import note
from tidemill.console.security.headers import security_headers
from tidemill.console.security.sessions import Session, Sessions
from tidemill.records import dataclass

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PUBLIC = frozenset({"/login", "/console-assets/login.css", "/console-assets/login.js"})
CHANNEL = "/_nicegui_ws/"
BEARER = "bearer "


@dataclass(frozen=True)
class RefusedError(Exception):
    """Why a request is not answered."""

    status: int
    message: str


@dataclass
class Gate:
    """What the guard knows; `reads` are the paths whose POST changes nothing."""

    sessions: Sessions
    hosts: frozenset[str]
    port: int
    tls: bool = False
    reads: frozenset[str] = field(default_factory=frozenset)

    @property
    def cookie(self) -> str:
        """The session cookie's name: browsers share cookies between the ports of a host."""
        return f"__Host-tidemill_{self.port}" if self.tls else f"tidemill_{self.port}"

    @property
    def scheme(self) -> str:
        """Of the console's address."""
        return "https" if self.tls else "http"

    def is_ours(self, host: str) -> bool:
        """Whether a Host header names this console."""
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        if not name:
            name, port = host, ""
        default = "443" if self.tls else "80"
        return name.lower() in self.hosts and (port or default) == str(self.port)

    def same_origin(self, headers: Mapping[str, str]) -> bool:
        """Whether a browser sent this from one of our own pages."""
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site") in ("same-origin", "none")
        return origin.lower() == f"{self.scheme}://{headers.get('host', '').lower()}"


class Guard:
    """ASGI middleware; the session stands in `scope["state"]["session"]` behind it."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        try:
            session = self._check(scope, headers)
        except RefusedError as refused:
            await self._refuse(scope, headers, receive, send, refused)
            return
        scope.setdefault("state", {})["session"] = session
        await self._app(scope, receive, self._with_headers(scope, send))

    # -- the checks

    def _check(self, scope: Scope, headers: Mapping[str, str]) -> Session | None:
        gate, path = self._gate, scope["path"]
        method = scope.get("method", "GET")
        if not gate.is_ours(headers.get("host", "")):
            raise RefusedError(421, "this is not the host of the console")
        channel = scope["type"] == "websocket" or path.startswith(CHANNEL)
        bearer = headers.get("authorization")
        changes = method not in SAFE
        from_browser = bearer is None
        if from_browser and (channel or changes) and not gate.same_origin(headers):
            raise RefusedError(403, "the request does not come from a page of this console")
        if path in PUBLIC:
            return None
        session = self._who(bearer, headers, scope)
        if channel or not changes:
            return session
        if from_browser:
            token = headers.get("x-csrf-token", "")
            if not hmac.compare_digest(token.encode(), session.csrf.encode()):
                raise RefusedError(403, "the request has no valid CSRF token")
        if path not in gate.reads and not session.may_change:
            note(session, method, path, "refused: read-only", session.address)
            raise RefusedError(403, "you are logged in as a viewer, who changes nothing")
        return session

    def _who(self, bearer: str | None, headers: Mapping[str, str], scope: Scope) -> Session:
        address = (scope.get("client") or ("unknown", 0))[0]
        if bearer is not None:
            found = None
            if bearer[: len(BEARER)].lower() == BEARER:
                found = self._gate.sessions.bearer(bearer[len(BEARER) :].strip(), address)
            if found is None:
                note(None, "bearer", scope["path"], "refused", address)
                raise RefusedError(401, "the Authorization header holds no token of this console")
            return found
        key = cookie_of(headers, self._gate.cookie)
        session = None if key is None else self._gate.sessions.find(key)
        if session is None:
            raise RefusedError(401, "nobody is logged in")
        return session

    # -- answers

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        path = scope["path"]
        own = security_headers(path, tls=self._gate.tls)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [(name, value) for name, value in message["headers"]]
                names = {name.lower() for name, _ in given}
                given += [(k.encode(), v.encode()) for k, v in own.items()]
                if b"cache-control" not in names:
                    given.append((b"cache-control", b"no-store"))
                message = {**message, "headers": given}
            await send(message)

        return sending

    async def _refuse(
        self,
        scope: Scope,
        headers: Mapping[str, str],
        receive: Receive,
        send: Send,
        why: RefusedError,
    ) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": why.message})
            return
        wants_page = scope["method"] == "GET" and "text/html" in headers.get("accept", "")
        extra: list[tuple[bytes, bytes]] = []
        if why.status == HTTPStatus.UNAUTHORIZED and wants_page:
            query = scope.get("query_string", b"").decode("latin-1")
            target = quote(scope["path"] + (f"?{query}" if query else ""), safe="")
            extra.append((b"location", f"/login?next={target}".encode()))
            status = 303
        else:
            status = why.status
            if status == HTTPStatus.UNAUTHORIZED:
                extra.append((b"www-authenticate", b"Bearer"))
        body = json.dumps({"code": "console.refused", "message": why.message}).encode()
        start: Message = {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"application/json"), *extra],
        }
        answer = self._with_headers(scope, send)
        await answer(start)
        await answer({"type": "http.response.body", "body": body})


def cookie_of(headers: Mapping[str, str], name: str) -> str | None:
    """The value of a cookie of a request."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return None if found is None else found.value
