"""The project that a command works on, and the references it can resolve there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tidemill.control.connect_client import REQUEST_TIMEOUT_S, ConnectClient
from tidemill.errors import ProjectError
from tidemill.interfaces.service import Endpoint
from tidemill.project import (
    Project,
    Resolver,
    Secret,
    bare_project,
    find_project_file,
    find_references,
    load_project,
    read_project,
)
from tidemill.services.credentials import basic_authorization


def open_project(folder: Path | None, *, needed: bool = True) -> Project:
    """The project of `folder` (by default the current one).

    With `needed` False, a folder without a project file is a bare project.
    """
    if not needed and folder is None and find_project_file(Path.cwd()) is None:
        return bare_project(Path.cwd())
    if not needed and folder is not None and folder.is_dir() and find_project_file(folder) is None:
        return bare_project(folder)
    return load_project(folder)


def project_for(wanted: str, folder: Path | None) -> Project:
    """The project of a pipeline, given by name or by path."""
    path = Path(wanted)
    if folder is not None:
        return load_project(folder)
    if path.is_file():
        file = find_project_file(path.resolve().parent)
        return read_project(file) if file is not None else bare_project(path.resolve().parent)
    return open_project(None, needed=False)


def running_endpoints(project: Project) -> Mapping[str, Endpoint]:
    """The running servers of the project."""
    from tidemill.services import running_endpoints as running  # noqa: PLC0415 - loaded when used

    return running(project.state_dir)


def resolver(
    project: Project, *, variables: Mapping[str, str] | None = None, lenient: bool = False
) -> Resolver:
    """A resolver of references in this project, with its running servers."""
    return Resolver(project, running_endpoints(project), variables=variables, lenient=lenient)


def server_property(project: Project, reference: str) -> str:
    """The value of one `${server:...}` reference, as plain text."""
    found = find_references("${server:" + reference + "}", "tidemill")
    try:
        value = resolver(project).value(found[0])
    except ProjectError as error:
        # The reference is ours, not the user's: its place in a text would mislead.
        error.where = None
        raise
    return value.reveal() if isinstance(value, Secret) else value


def kafka_properties(project: Project, bootstrap: str | None) -> dict[str, str]:
    """Librdkafka properties of the project's Kafka, or of another cluster at `bootstrap`.

    A connection named `kafka` may add `properties.*` of its own (security, for one), by the
    allow-list of the connector.
    """
    from tidemill.connectors.kafka.properties import client_properties  # noqa: PLC0415 - when used
    from tidemill.control.kafka_login import kafka_login  # noqa: PLC0415

    if bootstrap is not None:
        return {"bootstrap.servers": bootstrap}
    properties = {"bootstrap.servers": server_property(project, "kafka.bootstrap")}
    resolve = resolver(project)
    properties |= kafka_login(resolve, properties["bootstrap.servers"])
    for key, value in project.settings.connections.get("kafka", {}).items():
        if key.startswith("properties."):
            text = resolve.text(str(value), "tidemill.yaml")
            plain = text.reveal() if isinstance(text, Secret) else text
            properties[key.removeprefix("properties.")] = plain
    return client_properties(properties, "connections.kafka")


def connect_client(
    project: Project, url: str | None, timeout_s: float = REQUEST_TIMEOUT_S
) -> ConnectClient:
    """A client of the project's Kafka Connect, or of the one at `url`.

    It logs in to the project's own worker, and to that of the connection `connect` where this has
    `user` and `password`; to no other.
    """
    named = server_property(project, "connect.url") if url is None else url
    headers = login_headers(project, "connect", named)
    return ConnectClient(named.rstrip("/"), timeout_s=timeout_s, headers=headers)


def login_headers(project: Project, server: str, url: str) -> Mapping[str, str]:
    """The login of a server of the project over HTTP, where `url` is its address."""
    user_info = server_login(project, server, url)
    if user_info is None:
        return {}
    user, _, password = user_info.partition(":")
    return basic_authorization(password, user)


def server_login(project: Project, server: str, url: str) -> str | None:
    """`user:password` of a server or connection, where `url` is its address and it has any."""
    resolve = resolver(project)
    try:
        plain, hidden = resolve.members(server), resolve.members(server, secret=True)
    except ProjectError:
        return None
    if "url" not in plain or server_property(project, f"{server}.url").rstrip("/") != url.rstrip(
        "/"
    ):
        return None
    if "user" not in plain or "password" not in hidden:
        return None
    password = resolve.text("${secret:" + server + ".password}", "tidemill")
    revealed = password.reveal() if isinstance(password, Secret) else password
    return f"{server_property(project, f'{server}.user')}:{revealed}"
