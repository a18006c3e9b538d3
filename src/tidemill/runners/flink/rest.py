"""JSON over HTTP to Flink's REST interfaces.

Guarantees: every failure is a TidemillError; an answer of an error status is a `RefusedError` with
Flink's own text, for the caller to explain; decimals in answers are exact.
"""

from __future__ import annotations

import decimal
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from tidemill.errors import ComponentError, Where
from tidemill.project.http import open_checked
from tidemill.records import dataclass

TIMEOUT_S = 60.0


class RefusedError(Exception):
    """Flink answered with an error status."""

    def __init__(self, status: int, trace: str) -> None:
        super().__init__(trace)
        self.status = status
        self.trace = trace


@dataclass(frozen=True, slots=True)
class Rest:
    """One REST interface; `server` is what messages call it."""

    url: str
    server: str
    timeout_s: float = TIMEOUT_S

    def get(self, path: str) -> Any:
        """GET a path, or a path with a query."""
        return self._request("GET", path, None)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """POST JSON."""
        return self._request("POST", path, body or {})

    def patch(self, path: str) -> Any:
        """PATCH without a body."""
        return self._request("PATCH", path, None)

    def delete(self, path: str) -> Any:
        """DELETE a path."""
        return self._request("DELETE", path, None)

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        scheme = urllib.parse.urlsplit(self.url).scheme
        if scheme not in ("http", "https"):
            raise self._unreachable(f"`{self.url}` is not an HTTP address")
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked
            self.url.rstrip("/") + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with open_checked(request, self.timeout_s) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise RefusedError(error.code, _error_text(error.read())) from None
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(str(getattr(error, "reason", error))) from None
        return json.loads(content, parse_float=decimal.Decimal) if content else None

    def _unreachable(self, reason: str) -> ComponentError:
        return ComponentError(
            f"{self.server} cannot be reached: {reason}",
            code="runner.unreachable",
            where=Where(server=self.server, file=self.url),
            hint="Start it by `tidemill up flink`, or check the address.",
        )


def _error_text(content: bytes) -> str:
    """The longest of the errors in an answer: the one with the trace."""
    try:
        errors = json.loads(content)["errors"]
        return str(max(errors, key=len))
    except (ValueError, KeyError, TypeError):
        return content.decode("utf-8", "replace")
