"""A deployment as a Compose file.

Guarantees: no secret is in it, only the names of variables, and Compose refuses to start where one
is not set; nothing is published to other machines; data is in named volumes.
"""

from __future__ import annotations

from typing import Any

from tidemill.control.export.images import image_of
from tidemill.control.export.model import Deployment, ExportedPipeline
from tidemill.control.export.servers import PROBED, Container

_STATE = "/state"


def compose_file(deployment: Deployment) -> dict[str, Any]:
    """The content of `compose.yaml`."""
    services = {c.name: _server(c, deployment) for c in deployment.containers}
    if deployment.flink:
        services |= _flink()
    if deployment.connectors:
        services["connectors"] = _connectors(deployment)
    for pipeline in deployment.pipelines:
        services[f"pipeline-{pipeline.label}"] = _pipeline(pipeline, deployment)
    volumes = [c.name for c in deployment.containers if c.volume is not None]
    volumes += ["flink-state"] if deployment.flink else []
    volumes += [f"pipeline-{pipeline.label}" for pipeline in deployment.pipelines]
    return {
        "name": deployment.project.lower(),
        "services": services,
        "volumes": {name: {} for name in volumes},
    }


def _server(container: Container, deployment: Deployment) -> dict[str, Any]:
    service: dict[str, Any] = {
        "image": container.image,
        "restart": "unless-stopped",
        "environment": {
            **container.environment,
            **{name: _required(variable) for name, variable in container.secrets.items()},
        },
        "healthcheck": _health(container.health),
        "mem_limit": f"{container.memory_mb}m",
        "stop_grace_period": "60s",
    }
    if container.command:
        service["entrypoint"] = [_literal(word) for word in container.command]
    if container.arguments:
        service["command"] = [_literal(word) for word in container.arguments]
    mounts = [f"{container.name}:{container.volume}"] if container.volume else []
    if container.name == "postgres":
        mounts += [
            f"./init/{name}:/docker-entrypoint-initdb.d/{number:02d}-{name}:ro"
            for number, name in enumerate(deployment.init_sql, 1)
        ]
    if mounts:
        service["volumes"] = mounts
    if container.needs:
        service["depends_on"] = _healthy(container.needs)
    return service


def _flink() -> dict[str, Any]:
    properties = "jobmanager.rpc.address: flink-jobmanager\nrest.address: flink-jobmanager\n"
    properties += "taskmanager.numberOfTaskSlots: 4\n"
    properties += "execution.checkpointing.dir: file:///flink-state/checkpoints\n"
    properties += "execution.checkpointing.savepoint-dir: file:///flink-state/savepoints\n"
    base: dict[str, Any] = {
        "image": f"{image_of('flink')}-tidemill",
        "build": {"context": ".", "dockerfile": "flink.Dockerfile"},
        "restart": "unless-stopped",
        "environment": {"FLINK_PROPERTIES": properties},
        "volumes": ["flink-state:/flink-state"],
        "mem_limit": "2048m",
    }
    probe = ("curl", "-fsS", "-o", "/dev/null")
    gateway = "sql-gateway.endpoint.rest"
    return {
        "flink-jobmanager": {
            **base,
            "command": ["jobmanager"],
            "healthcheck": _health((*probe, f"{PROBED}:8081/overview")),
        },
        "flink-taskmanager": {
            **base,
            "command": ["taskmanager"],
            "depends_on": _healthy(("flink-jobmanager",)),
        },
        "flink-gateway": {
            **base,
            "command": [
                "/opt/flink/bin/sql-gateway.sh",
                "start-foreground",
                f"-D{gateway}.address=flink-gateway",
                f"-D{gateway}.bind-address=0.0.0.0",
            ],
            "healthcheck": _health((*probe, f"{PROBED}:8083/v2/info")),
            "depends_on": _healthy(("flink-jobmanager",)),
        },
    }


def _engine(deployment: Deployment) -> dict[str, Any]:
    return {
        "image": deployment.image,
        "build": {"context": "."},
        "environment": {name: _required(name) for name in deployment.variables},
    }


def _connectors(deployment: Deployment) -> dict[str, Any]:
    return {
        **_engine(deployment),
        "command": ["sh", "register-connectors.sh"],
        "restart": "on-failure",
        "depends_on": _healthy(deployment.servers),
    }


def _pipeline(pipeline: ExportedPipeline, deployment: Deployment) -> dict[str, Any]:
    needs: dict[str, Any] = _healthy(deployment.servers)
    if deployment.connectors:
        needs["connectors"] = {"condition": "service_completed_successfully"}
    return {
        **_engine(deployment),
        "command": ["tidemill", "run", pipeline.name],
        "restart": "on-failure" if pipeline.bounded else "unless-stopped",
        "healthcheck": _health(("python", "health.py", pipeline.name)),
        "volumes": [f"pipeline-{pipeline.label}:{_STATE}"],
        "depends_on": needs,
        "stop_grace_period": "60s",
    }


def _health(command: tuple[str, ...]) -> dict[str, Any]:
    return {
        "test": ["CMD", *command],
        "interval": "10s",
        "timeout": "10s",
        "retries": 6,
        "start_period": "60s",
    }


def _healthy(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"condition": "service_healthy"} for name in names}


def _required(variable: str) -> str:
    return f"${{{variable}:?set it in .env}}"


def _literal(word: str) -> str:
    """Compose replaces `$NAME` itself; `$$` is for the shell inside."""
    return word.replace("$", "$$")
