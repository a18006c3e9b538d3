"""Which Flink a project works on: its own running one, or that of a connection named `flink`.

connections:
  flink:
    jobmanager-url: http://flink.example:8081
    gateway-url: http://flink.example:8083
    python: /usr/bin/python3                      # of the workers, for Python functions
    properties.state.backend.type: rocksdb        # settings of every job from here
"""

from __future__ import annotations

import urllib.parse

from tidemill.control.project_context import resolver, running_endpoints
from tidemill.errors import ProjectError, ServiceError, Where
from tidemill.interfaces.addresses import on_this_machine
from tidemill.project import Project, Secret
from tidemill.runners.flink import Cluster, Gateway

CONNECTION = "flink"
_PROPERTIES = "properties."


def flink_gateway(project: Project) -> Gateway:
    """The SQL Gateway; raises ServiceError where there is none."""
    return Gateway(_address(project, "gateway-url", "flink-gateway"))


def flink_cluster(project: Project, *, timeout_s: float = 60.0) -> Cluster:
    """The JobManager, which has so long to answer; raises ServiceError where there is none."""
    return Cluster(_address(project, "jobmanager-url", "flink-jobmanager"), timeout_s)


def is_external(project: Project) -> bool:
    """Whether it is a cluster that Tidemill did not start for this project."""
    return bool(_given(project))


def is_on_this_machine(cluster: Cluster) -> bool:
    """Whether the cluster's processes see the files of this machine."""
    return on_this_machine(urllib.parse.urlsplit(cluster.rest.url).hostname)


def flink_properties(project: Project) -> dict[str, str]:
    """The settings that the connection gives to every job."""
    return {
        key.removeprefix(_PROPERTIES): value
        for key, value in _given(project).items()
        if key.startswith(_PROPERTIES)
    }


def workers_python(project: Project) -> str | None:
    """The interpreter of the cluster's workers, where the connection names one."""
    return _given(project).get("python")


def _given(project: Project) -> dict[str, str]:
    """The connection's values, references resolved."""
    given = project.settings.connections.get(CONNECTION, {})
    resolve = resolver(project) if given else None
    values: dict[str, str] = {}
    for key, value in given.items():
        assert resolve is not None
        text = resolve.text(str(value), "tidemill.yaml")
        values[key] = text.reveal() if isinstance(text, Secret) else text
    return values


def _address(project: Project, key: str, server: str) -> str:
    given = _given(project)
    if given:
        if key not in given:
            raise ProjectError(
                f"the connection flink has no `{key}`",
                code="project.bad-value",
                where=Where(file=str(project.file)),
                hint="Give the addresses of Flink's REST interfaces: jobmanager-url for the "
                "cluster, gateway-url for its SQL Gateway.",
            )
        return given[key]
    try:
        return running_endpoints(project)[server].properties["url"]
    except KeyError:
        raise ServiceError(
            "flink is not running",
            code="service.not-running",
            where=Where(server="flink"),
            hint="Start it by `tidemill up flink`; or give a connection `flink` in tidemill.yaml "
            "with `gateway-url` and `jobmanager-url`.",
        ) from None
