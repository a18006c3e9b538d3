"""Requests over HTTP to addresses that a project, or a user of its console, names.

Guarantees: http and https only; the address that a name has led to is looked at once the
connection stands and before anything is sent (`interfaces.addresses`), so another answer of the
name's server changes nothing; no redirect is followed, and so no login goes where one points; what
is on this machine is asked without a proxy.
"""

from __future__ import annotations

import http.client
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from tidemill.interfaces.addresses import on_this_machine, refuse_address


class CheckedHTTPConnection(http.client.HTTPConnection):
    """One that looks whom it has reached before it sends."""

    def connect(self) -> None:
        """Connect; raises ProjectError where the address is refused."""
        super().connect()
        _check(self)


class CheckedHTTPSConnection(http.client.HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        """Connect; raises ProjectError where the address is refused."""
        super().connect()
        _check(self)


def open_checked(request: urllib.request.Request, timeout_s: float) -> Any:
    """The answer; raises HTTPError for any status but success, redirects among them."""
    handlers: list[Any] = [_Http, _Https, _NoRedirect]
    if on_this_machine(urlsplit(request.full_url).hostname):
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers).open(request, timeout=timeout_s)


def _check(connection: http.client.HTTPConnection) -> None:
    try:
        refuse_address(connection.host, connection.sock.getpeername()[0])
    except BaseException:
        connection.close()
        raise


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(CheckedHTTPConnection, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(CheckedHTTPSConnection, req)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """None: the status is an error, as any other."""
