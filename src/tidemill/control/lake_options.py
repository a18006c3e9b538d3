"""What a project adds to the options of a table in the lake: its folder, and its own Postgres.

Paths without a scheme are taken from the project's folder. An Iceberg table that does not say where
its catalog is has it in the project's server (or connection) `postgres`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tidemill.errors import ProjectError
from tidemill.project import Resolver, Secret, find_references

_PATHS = {"iceberg": "warehouse", "delta": "table-path"}
_STREAMING = {
    "iceberg": (
        "streaming", "starting-strategy", "start-snapshot-id", "start-snapshot-timestamp",
    ),
    "delta": ("mode", "startingVersion"),
}  # fmt: skip
_SQLITE = "jdbc:sqlite:"
_CATALOG = {
    "uri": "${server:postgres.jdbc-url}",
    "jdbc.user": "${server:postgres.user}",
    "jdbc.password": "${secret:postgres.password}",
}


def with_lake_defaults(
    options: Mapping[str, str], resolver: Resolver, root: Path
) -> Mapping[str, str]:
    """The options with what the project says; those of other connectors as they are."""
    key = _PATHS.get(options.get("connector", ""))
    if key is None:
        return options
    made = dict(options)
    if "://" not in made.get(key, "://") and not made[key].startswith("file:"):
        made[key] = str(root / Path(made[key]).expanduser())
    if key != "warehouse":
        return made
    uri = made.get("uri", "")
    if uri.startswith(_SQLITE):
        made["uri"] = _SQLITE + str(root / Path(uri.removeprefix(_SQLITE)).expanduser())
    elif not uri:
        made = {**_of_project(resolver), **made}
    return made


def without_streaming(options: Mapping[str, str]) -> Mapping[str, str]:
    """The options of a table that is read whole; those of other connectors as they are."""
    dropped = _STREAMING.get(options.get("connector", ""), ())
    return {key: value for key, value in options.items() if key not in dropped}


def _of_project(resolver: Resolver) -> dict[str, str]:
    try:
        return {key: _value(resolver, text) for key, text in _CATALOG.items()}
    except ProjectError as error:
        error.where = None
        error.hint = (
            "An Iceberg table without 'uri' has its catalog in the project's Postgres: start it, "
            "`tidemill up postgres`, or give 'uri', 'jdbc.user' and 'jdbc.password'."
        )
        raise


def _value(resolver: Resolver, text: str) -> str:
    (reference,) = find_references(text, "tidemill")
    value = resolver.value(reference)
    return value.reveal() if isinstance(value, Secret) else value
