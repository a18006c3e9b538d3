"""The use case: a role of the project's Postgres with as few rights as its work takes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tidemill.control.project_context import open_project
from tidemill.control.slots import postgres_of
from tidemill.errors import UserError
from tidemill.project import ensure_state_dir
from tidemill.records import dataclass

_FOLDER = "secrets"


@dataclass(frozen=True, slots=True)
class Role:
    """What was made; `password` is how a project's files refer to it, never the password."""

    name: str
    kind: str
    tables: tuple[str, ...]
    rights: tuple[str, ...]
    publication: str | None
    password: str

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def create_role(folder: Path | None, name: str, kind: str, tables: Sequence[str]) -> Role:
    """Make a role, or mend one; its password is generated and kept in a file of its owner's.

    Args:
        folder: the project's folder.
        name: the role's.
        kind: capture, sink or reader.
        tables: `schema.table`, or `table` in the schema public.

    Raises:
        UserError: `control.role`: the name, the kind or the tables cannot be.
        ConnectorError: Postgres refuses it.
    """
    from tidemill.connectors.jdbc.roles import KINDS, make_role  # noqa: PLC0415 - client library

    if kind not in KINDS:
        raise _wrong(f"there is no kind of role `{kind}`", f"Kinds are {', '.join(KINDS)}.")
    if not name or len(name.encode()) > 63 or name.startswith("pg_") or set(name) & set("/{}\n\0"):
        raise _wrong(f"`{name}` cannot be the name of a role", "Letters, digits, `_` and `-`.")
    if not tables:
        raise _wrong("no table is named", "Name those that the role needs: --tables public.orders")
    project = open_project(folder)
    login = postgres_of(project)
    if login is None:
        raise _wrong("the project has no Postgres that runs", "Start it: tidemill up postgres")
    if name == login.user:
        raise _wrong(f"`{name}` is the role that Tidemill itself uses", "Give another name.")
    password = secrets.token_urlsafe(32)
    made = make_role(login, name, kind, [_table(text) for text in tables], password)
    place = ensure_state_dir(project.state_dir) / _FOLDER
    place.mkdir(mode=0o700, exist_ok=True)
    _write(place / f"postgres-{name}", password)
    reference = f"${{file:{(place / f'postgres-{name}').relative_to(project.root)}}}"
    return Role(made.name, made.kind, made.tables, made.rights, made.publication, reference)


def _table(text: str) -> tuple[str, str]:
    schema, dot, name = text.partition(".")
    return (schema, name) if dot else ("public", schema)


def _write(path: Path, password: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password + "\n")
    fresh.replace(path)


def _wrong(message: str, hint: str) -> UserError:
    return UserError(message, code="control.role", hint=hint)
