"""References to values: environment, variables, servers, secrets.

A `Resolver` answers for one project at one moment. Secrets come as `Secret`; a text that holds one
is resolved to `Secret` as a whole. With `lenient` set (for `check`), nothing secret is read,
servers that are not running get their nominal addresses, and unset environment variables get a
stand-in, each with a note.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tidemill.errors import ProjectError, did_you_mean
from tidemill.interfaces.service import Endpoint
from tidemill.project.project import Project
from tidemill.project.references import Reference, find_references, parse_within
from tidemill.project.secret import Secret
from tidemill.project.servers import (
    NOMINAL,
    ServerProperties,
    connection_properties,
    endpoint_properties,
)
from tidemill.project.validate import looks_secret


class Resolver:
    """Resolves references for one project.

    Args:
        project: the project.
        endpoints: the project's running servers, by name.
        variables: values that override the project's variables.
        environ: the environment; by default the process's own.
        lenient: give stand-ins for what is not there now, and collect `notes`.
    """

    def __init__(
        self,
        project: Project,
        endpoints: Mapping[str, Endpoint],
        *,
        variables: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        lenient: bool = False,
    ) -> None:
        self._project = project
        self._endpoints = endpoints
        self._overrides = dict(variables or {})
        self._environ = os.environ if environ is None else environ
        self._lenient = lenient
        self.notes: list[str] = []

    @property
    def variables(self) -> Mapping[str, str]:
        """The values that override the project's variables."""
        return dict(self._overrides)

    def value(self, reference: Reference) -> str | Secret:
        """The value of one reference; raises ProjectError at its place."""
        match reference.kind:
            case "env":
                return self._env(reference)
            case "var":
                return self._variable(reference)
            case "file":
                return self._file(reference)
            case "secret":
                return self._secret(reference)
            case _:
                return self._server_property(reference)

    @property
    def project(self) -> Project:
        """The project that is resolved for."""
        return self._project

    def members(self, name: str, secret: bool = False) -> tuple[str, ...]:
        """The properties (or the secrets) that a running server or a connection has."""
        place = find_references(f"${{server:{name}.x}}", "tidemill")[0]
        server = self._server(place)
        return tuple(server.secrets if secret else server.plain)

    def text(self, text: str, file: str) -> str | Secret:
        """A text with all its references replaced."""
        return self._replace(text, find_references(text, file))

    def _replace(self, text: str, references: list[Reference]) -> str | Secret:
        secret = False
        for reference in references:
            value = self.value(reference)
            if isinstance(value, Secret):
                secret, value = True, value.reveal()
            text = text.replace("${" + reference.key + "}", value)
        return Secret(text) if secret else text

    def _env(self, reference: Reference) -> str | Secret:
        value = self._environ.get(reference.name, reference.default)
        if value is None:
            if not self._lenient:
                raise ProjectError(
                    f"the environment variable {reference.name} is not set",
                    code="project.unset-environment",
                    where=reference.where,
                    hint=f"Set it, or give a default: ${{env:{reference.name}:-value}}.",
                )
            self._note(f"the environment variable {reference.name} is not set")
            value = reference.name.lower()
        return Secret(value) if looks_secret(reference.name) else value

    def _variable(self, reference: Reference) -> str | Secret:
        if reference.name in self._overrides:
            return self._overrides[reference.name]
        declared = self._project.settings.variables
        if reference.name not in declared:
            known = sorted({*declared, *self._overrides})
            raise ProjectError(
                f"no variable `{reference.name}` is declared",
                code="project.unknown-variable",
                where=reference.where,
                hint=did_you_mean(reference.name, known)
                or "Add it under `variables:` in tidemill.yaml, or pass --var.",
            )
        return self._declared(("variables", reference.name), declared[reference.name])

    def _declared(self, path: tuple[str, ...], value: str | int | float | bool) -> str | Secret:
        """A value of tidemill.yaml, its own references resolved (not those to other variables)."""
        if not isinstance(value, str):
            return str(value).lower() if isinstance(value, bool) else str(value)
        references = parse_within(value, self._project.where(path))
        for inner in references:
            if inner.kind == "var":
                raise ProjectError(
                    f"`{path[-1]}` refers to the variable `{inner.name}`",
                    code="project.bad-reference",
                    where=inner.where,
                    hint="Values in tidemill.yaml take ${env:...} and ${file:...} only.",
                )
        resolved = self._replace(value, references)
        if looks_secret(path[-1]) and isinstance(resolved, str):
            return Secret(resolved)
        return resolved

    def _file(self, reference: Reference) -> Secret:
        if self._lenient:
            return Secret("")
        path = (self._project.root / Path(reference.name).expanduser()).resolve()
        try:
            mode = path.stat().st_mode
            if mode & 0o077:
                raise ProjectError(
                    f"the secret file {path} can be read by other users (mode {mode & 0o777:04o})",
                    code="project.unsafe-secret-file",
                    where=reference.where,
                    hint=f"Run: chmod 600 {path}",
                )
            return Secret(path.read_text(encoding="utf-8").rstrip("\r\n"))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ProjectError(
                f"the secret file {path} cannot be read: {reason}",
                code="project.unreadable",
                where=reference.where,
                hint="Make the file, with the secret as its only line and mode 0600.",
            ) from None

    def _secret(self, reference: Reference) -> Secret:
        connections = self._project.settings.connections
        if self._lenient and reference.name in NOMINAL and reference.name not in connections:
            return Secret("")
        secrets = self._server(reference).secrets
        if reference.member not in secrets:
            raise self._no_property(reference, secrets, "secret")
        return secrets[reference.member]

    def _server_property(self, reference: Reference) -> str:
        server = self._server(reference)
        if reference.member in server.secrets:
            raise ProjectError(
                f"`{reference.member}` of {reference.name} is a secret",
                code="project.bad-reference",
                where=reference.where,
                hint=f"Write ${{secret:{reference.name}.{reference.member}}}.",
            )
        if reference.member not in server.plain:
            raise self._no_property(reference, server.plain, "property")
        return server.plain[reference.member]

    def _server(self, reference: Reference) -> ServerProperties:
        name = reference.name
        connections = self._project.settings.connections
        if name in connections:
            return self._connection(name, reference.kind == "secret" and not self._lenient)
        if name in self._endpoints:
            return endpoint_properties(self._endpoints[name])
        if name not in NOMINAL:
            known = sorted({*connections, *NOMINAL})
            raise ProjectError(
                f"the project has no server or connection `{name}`",
                code="project.unknown-server",
                where=reference.where,
                hint=did_you_mean(name, known) or f"Known ones: {', '.join(known)}.",
            )
        if self._lenient:
            self._note(f"{name} is not running; checked with its usual address")
            return ServerProperties(NOMINAL[name])
        raise ProjectError(
            f"{name} is not running",
            code="project.server-not-running",
            where=reference.where,
            hint=f"Start it: tidemill up {name}",
        )

    def _connection(self, name: str, reveal: bool) -> ServerProperties:
        plain: dict[str, str] = {}
        secrets: dict[str, Secret] = {}
        for key, value in self._project.settings.connections[name].items():
            if looks_secret(key) and not reveal:
                secrets[key] = Secret("")
                continue
            resolved = self._declared(("connections", name, key), value)
            if isinstance(resolved, Secret):
                secrets[key] = resolved
            else:
                plain[key] = resolved
        return connection_properties(plain, secrets)

    def _no_property(
        self, reference: Reference, known: Mapping[str, object], kind: str
    ) -> ProjectError:
        names = ", ".join(sorted(known)) or "none"
        return ProjectError(
            f"{reference.name} has no {kind} `{reference.member}`",
            code="project.unknown-property",
            where=reference.where,
            hint=did_you_mean(reference.member, known) or f"It has: {names}.",
        )

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)
