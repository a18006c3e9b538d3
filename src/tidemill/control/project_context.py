"""The project that a command works on, and the references it can resolve there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

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

    if bootstrap is not None:
        return {"bootstrap.servers": bootstrap}
    properties = {"bootstrap.servers": server_property(project, "kafka.bootstrap")}
    resolve = resolver(project)
    for key, value in project.settings.connections.get("kafka", {}).items():
        if key.startswith("properties."):
            text = resolve.text(str(value), "tidemill.yaml")
            plain = text.reveal() if isinstance(text, Secret) else text
            properties[key.removeprefix("properties.")] = plain
    return client_properties(properties, "connections.kafka")


def connect_url(project: Project, url: str | None) -> str:
    """The address of Kafka Connect's REST API."""
    return (url or server_property(project, "connect.url")).rstrip("/")
