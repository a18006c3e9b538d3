"""Subjects, schemas and compatibility by Confluent's HTTP API.

A schema is fetched once per id and kept: an id never changes its meaning. Failures to reach the
registry are ConnectorError and retryable; what the registry refuses is not.
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Mapping
from dataclasses import field
from typing import Any
from urllib.parse import quote, urlsplit

from tidemill.errors import ConnectorError, ProjectError, Where
from tidemill.project.http import CheckedHTTPConnection, CheckedHTTPSConnection
from tidemill.records import dataclass

_TIMEOUT_S = 10.0
_TYPE = "application/vnd.schemaregistry.v1+json"
NOT_FOUND, INCOMPATIBLE, INVALID = 404, 409, 422


@dataclass(frozen=True, slots=True)
class RegistryLogin:
    """Where a registry is, and how to log in; `user_info` is `user:password`."""

    url: str
    user_info: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RegisteredSchema:
    """One version of a subject; `kind` is AVRO, PROTOBUF or JSON."""

    id: int
    schema: str
    kind: str = "AVRO"
    subject: str | None = None
    version: int | None = None


class RefusedError(Exception):
    """The registry's own refusal: HTTP status, its error code, and what it said."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class SchemaRegistry:
    """One registry; safe to use from several threads."""

    def __init__(self, login: RegistryLogin) -> None:
        parts = urlsplit(login.url.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ProjectError(
                f"`{login.url}` is no address of a schema registry",
                code="format.bad-option",
                hint="Write it as http://host:port, or https://host/path.",
            )
        self._parts = parts
        self._login = login
        self._by_id: dict[int, RegisteredSchema] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    @property
    def shown(self) -> str:
        """The address as in messages."""
        return f"schema registry {self._parts.hostname}:{self._parts.port or ''}".rstrip(":")

    def by_id(self, schema_id: int) -> RegisteredSchema | None:
        """The schema of an id; None where the registry has none."""
        with self._lock:
            found = self._by_id.get(schema_id)
        if found is not None:
            return found
        try:
            said = self._ask("GET", f"/schemas/ids/{schema_id}")
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return None
            raise self._failed(error) from error
        found = RegisteredSchema(schema_id, said["schema"], said.get("schemaType", "AVRO"))
        with self._lock:
            self._by_id[schema_id] = found
        return found

    def register(self, subject: str, schema: str, kind: str = "AVRO") -> int:
        """Register a schema under a subject, where it is not there already; returns its id."""
        with self._lock:
            known = self._ids.get((subject, schema))
        if known is not None:
            return known
        try:
            said = self._ask(
                "POST", f"/subjects/{quote(subject, '')}/versions", _body(schema, kind)
            )
        except RefusedError as error:
            raise self._not_registered(subject, error) from error
        with self._lock:
            self._ids[(subject, schema)] = int(said["id"])
        return int(said["id"])

    def subjects(self) -> list[str]:
        """All subjects, sorted."""
        return sorted(self._insist("GET", "/subjects"))

    def versions(self, subject: str) -> list[int]:
        """The versions of a subject, oldest first; none where there is no such subject."""
        try:
            return [int(v) for v in self._ask("GET", f"/subjects/{quote(subject, '')}/versions")]
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return []
            raise self._failed(error) from error

    def version(self, subject: str, version: int | str = "latest") -> RegisteredSchema | None:
        """One version of a subject; None where it is not there."""
        try:
            said = self._ask("GET", f"/subjects/{quote(subject, '')}/versions/{version}")
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return None
            raise self._failed(error) from error
        return RegisteredSchema(
            int(said["id"]), said["schema"], said.get("schemaType", "AVRO"), subject,
            int(said["version"]),
        )  # fmt: skip

    def incompatibilities(self, subject: str, schema: str, kind: str = "AVRO") -> list[str] | None:
        """Why a schema may not follow the latest one; nothing where it may; None: no subject."""
        path = f"/compatibility/subjects/{quote(subject, '')}/versions/latest?verbose=true"
        try:
            said = self._ask("POST", path, _body(schema, kind))
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return None
            raise self._failed(error) from error
        if said.get("is_compatible"):
            return []
        return [str(m) for m in said.get("messages") or ["the registry says no more"]]

    def compatibility(self, subject: str) -> str:
        """The rule that a subject's next version must keep, such as BACKWARD; NONE without one."""
        try:
            said = self._ask("GET", f"/config/{quote(subject, '')}?defaultToGlobal=true")
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return "NONE"
            raise self._failed(error) from error
        return str(said.get("compatibilityLevel", "NONE"))

    def set_compatibility(self, subject: str, level: str) -> None:
        """Set that rule."""
        self._insist("PUT", f"/config/{quote(subject, '')}", {"compatibility": level})

    def _insist(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            return self._ask(method, path, body)
        except RefusedError as error:
            raise self._failed(error) from error

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One request; a connection each, as they are few."""
        parts = self._parts
        kind = CheckedHTTPSConnection if parts.scheme == "https" else CheckedHTTPConnection
        assert parts.hostname is not None
        connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_S)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, parts.path + path, text, self._headers())
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ConnectorError(
                f"the {self.shown} cannot be reached",
                code="format.registry-unreachable",
                where=Where(server=self.shown),
                detail=str(error) or type(error).__name__,
                hint="Is it running? See `tidemill status`.",
                retryable=True,
            ) from error
        finally:
            connection.close()
        return self._content(response.status, content)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": f"{_TYPE}, application/json", "Content-Type": _TYPE}
        if self._login.user_info:
            encoded = base64.b64encode(self._login.user_info.encode()).decode()
            headers["Authorization"] = f"Basic {encoded}"
        elif self._login.token:
            headers["Authorization"] = f"Bearer {self._login.token}"
        return headers

    def _content(self, status: int, content: bytes) -> Any:
        try:
            said = json.loads(content) if content else None
        except ValueError:
            said = None
        if 200 <= status < 300 and said is not None:
            return said
        message = said.get("message") if isinstance(said, dict) else None
        code = said.get("error_code", status) if isinstance(said, dict) else status
        raise RefusedError(status, int(code), str(message or f"HTTP status {status}"))

    def _failed(self, error: RefusedError) -> ConnectorError:
        login = error.status in (401, 403)
        return ConnectorError(
            f"the {self.shown} {'refuses the login' if login else 'refused a request'}",
            code="connector.login-refused" if login else "format.registry-refused",
            where=Where(server=self.shown),
            detail=error.message,
            hint="The project's own is logged in to with 'basic-auth.credentials-source' = "
            "'USER_INFO' and 'basic-auth.user-info' = '${secret:registry.user-info}' behind the "
            "format's name."
            if login
            else None,
            retryable=error.status >= 500,
        )

    def _not_registered(self, subject: str, error: RefusedError) -> ConnectorError:
        if error.status != INCOMPATIBLE:
            return self._failed(error)
        return ConnectorError(
            f"the schema may not follow the latest one of `{subject}`",
            code="format.incompatible-schema",
            where=Where(server=self.shown),
            detail=error.message,
            hint="Give new columns no NOT NULL, keep the old ones, or change the subject's rule; "
            "`tidemill schema check` says what differs.",
        )


def _body(schema: str, kind: str) -> dict[str, Any]:
    return {"schema": schema} if kind == "AVRO" else {"schema": schema, "schemaType": kind}
