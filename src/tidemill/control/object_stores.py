"""How a project reaches an object store: by its own server `s3`, or by a connection.

A connection serves a bucket that its `bucket` (or `buckets`, separated by commas) names; all other
buckets are served by the connection or server named `s3`. Its keys are `endpoint`, `region`,
`path-style-access`, `access-key`, `secret-key` and `session-token`.
"""

from __future__ import annotations

from pathlib import Path

from tidemill.control.project_context import open_project, resolver
from tidemill.errors import ProjectError, StoreError
from tidemill.project import Project, Resolver, Secret, find_references
from tidemill.stores import ObjectStore, StoreUrl, open_store, parse_url

_PLAIN = ("endpoint", "region", "path-style-access", "access-key", "access-key-id")
_SECRET = ("secret-key", "secret-access-key", "session-token")
_NAMES = {"access-key-id": "access-key", "secret-access-key": "secret-key"}
"""AWS's names of the keys are taken too."""


def open_project_store(url: str, folder: Path | None = None) -> tuple[ObjectStore, StoreUrl]:
    """The store of an address, reached as the project says, and the address taken apart."""
    parsed = parse_url(url)
    project = open_project(folder, needed=False)
    options = store_options(resolver(project), parsed) if parsed.scheme == "s3" else {}
    return open_store(parsed, options), parsed


def store_options(resolve: Resolver, url: StoreUrl) -> dict[str, str]:
    """The options (`s3.endpoint` ...) that reach a bucket; secrets are revealed strings."""
    if url.scheme != "s3":
        return {}
    name = _serving(resolve.project, url.bucket)
    try:
        known = {
            **{key: _value(resolve, "server", name, key) for key in resolve.members(name)},
            **{key: _value(resolve, "secret", name, key) for key in resolve.members(name, True)},
        }
    except ProjectError as error:
        error.where = None
        if error.code not in ("project.unknown-server", "project.server-not-running"):
            raise
        raise StoreError(
            f"nobody says how to reach `s3://{url.bucket}`",
            code="store.unreachable",
            hint="Start the project's own store, `tidemill up s3`, or name another one in "
            "tidemill.yaml: connections: {s3: {endpoint: ..., access-key: ..., secret-key: ...}}.",
        ) from error
    kept = {key: known[key] for key in (*_PLAIN, *_SECRET) if key in known}
    return {f"s3.{_NAMES.get(key, key)}": value for key, value in kept.items()}


def _serving(project: Project, bucket: str) -> str:
    """The connection that serves a bucket, by name."""
    for name, given in project.settings.connections.items():
        named = f"{given.get('bucket', '')},{given.get('buckets', '')}"
        if name != "s3" and bucket in {part.strip() for part in named.split(",")}:
            return name
    return "s3"


def _value(resolve: Resolver, kind: str, name: str, key: str) -> str:
    (reference,) = find_references(f"${{{kind}:{name}.{key}}}", "tidemill")
    value = resolve.value(reference)
    return value.reveal() if isinstance(value, Secret) else value
