"""A deployment as objects of Kubernetes; Flink as the operator's `FlinkDeployment`.

Guarantees: no secret is in them, only the keys of one Secret; every server and every unbounded
pipeline is a StatefulSet of one with its own volume, so that no two processes hold one state; a
bounded pipeline is a Job.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tidemill.control.export.images import image_of, version_of
from tidemill.control.export.model import Deployment, ExportedPipeline
from tidemill.control.export.servers import Container

_VOLUME = "data"
_STORAGE = "10Gi"
_ENGINE_GROUP = 1000


def secret_name(deployment: Deployment) -> str:
    """The Secret that holds all secrets."""
    return f"{deployment.project.lower()}-secrets"


def server_objects(deployment: Deployment) -> Iterator[dict[str, Any]]:
    """A Service and a StatefulSet for each server."""
    for container in deployment.containers:
        yield _service(container.name, container.port, deployment)
        yield _server(container, deployment)


def pipeline_objects(deployment: Deployment) -> Iterator[dict[str, Any]]:
    """The registration of connectors, and each pipeline."""
    if deployment.connectors:
        yield _job("connectors", ["sh", "register-connectors.sh"], deployment, state=False)
    for pipeline in deployment.pipelines:
        name = f"pipeline-{pipeline.label}"
        if pipeline.bounded:
            yield _job(name, ["tidemill", "run", pipeline.name], deployment, state=True)
            yield _claim(name, deployment)
        else:
            yield _service(name, None, deployment)
            yield _pipeline(name, pipeline, deployment)


def flink_objects(deployment: Deployment) -> Iterator[dict[str, Any]]:
    """The session cluster, and the SQL Gateway beside it."""
    image = f"{image_of('flink')}-tidemill"
    version = "v" + "_".join(version_of("flink").split(".")[:2])
    resource = {"memory": "2048m", "cpu": 1}
    yield {
        "apiVersion": "flink.apache.org/v1beta1",
        "kind": "FlinkDeployment",
        "metadata": _metadata("flink", deployment),
        "spec": {
            "image": image,
            "flinkVersion": version,
            "serviceAccount": "flink",
            "flinkConfiguration": {"taskmanager.numberOfTaskSlots": "4"},
            "jobManager": {"resource": resource},
            "taskManager": {"resource": resource},
        },
    }
    yield _service("flink-gateway", 8083, deployment)
    endpoint = "sql-gateway.endpoint.rest"
    probe = {"httpGet": {"path": "/v2/info", "port": 8083}, "periodSeconds": 10}
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata("flink-gateway", deployment),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": _labels("flink-gateway", deployment)},
            "template": {
                "metadata": {"labels": _labels("flink-gateway", deployment)},
                "spec": {
                    "containers": [
                        {
                            "name": "gateway",
                            "image": image,
                            "args": [
                                "/opt/flink/bin/sql-gateway.sh",
                                "start-foreground",
                                f"-D{endpoint}.address=flink-gateway",
                                f"-D{endpoint}.bind-address=0.0.0.0",
                                "-Dexecution.target=remote",
                                "-Drest.address=flink-rest",
                                "-Drest.port=8081",
                            ],
                            "ports": [{"containerPort": 8083}],
                            "readinessProbe": probe,
                            "livenessProbe": {**probe, "initialDelaySeconds": 60},
                            "resources": _resources(1024),
                        }
                    ]
                },
            },
        },
    }


def init_sql(deployment: Deployment, scripts: Mapping[str, str]) -> dict[str, Any]:
    """The scripts for a new Postgres."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata("postgres-init", deployment),
        "data": {f"{n:02d}-{name}": text for n, (name, text) in enumerate(scripts.items(), 1)},
    }


def _server(container: Container, deployment: Deployment) -> dict[str, Any]:
    mounts, volumes = [], []
    if container.volume is not None:
        mounts.append({"name": _VOLUME, "mountPath": container.volume})
    if container.name == "postgres" and deployment.init_sql:
        mounts.append({"name": "init", "mountPath": "/docker-entrypoint-initdb.d"})
        volumes.append({"name": "init", "configMap": {"name": "postgres-init"}})
    probe = {"exec": {"command": list(container.health)}, "periodSeconds": 10, "timeoutSeconds": 10}
    made: dict[str, Any] = {
        "name": container.name,
        "image": container.image,
        "ports": [{"containerPort": container.port}],
        "env": [
            *({"name": name, "value": value} for name, value in container.environment.items()),
            *(_secret(name, key, deployment) for name, key in container.secrets.items()),
        ],
        "startupProbe": {**probe, "failureThreshold": 30},
        "readinessProbe": probe,
        "livenessProbe": {**probe, "failureThreshold": 6},
        "resources": _resources(container.memory_mb),
    }
    if container.command:
        made["command"] = list(container.command)
    if container.arguments:
        made["args"] = list(container.arguments)
    if mounts:
        made["volumeMounts"] = mounts
    pod: dict[str, Any] = {
        # Else Kubernetes sets KAFKA_PORT and its like, which images take for settings.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 60,
        "containers": [made],
    }
    if volumes:
        pod["volumes"] = volumes
    if container.group is not None:
        pod["securityContext"] = {"fsGroup": container.group}
    return _stateful(container.name, pod, deployment, claim=container.volume is not None)


def _pipeline(name: str, pipeline: ExportedPipeline, deployment: Deployment) -> dict[str, Any]:
    engine = _engine(["tidemill", "run", pipeline.name], deployment)
    engine["volumeMounts"] = [{"name": _VOLUME, "mountPath": "/state"}]
    engine["livenessProbe"] = {
        "exec": {"command": ["python", "health.py", pipeline.name]},
        "initialDelaySeconds": 60,
        "periodSeconds": 30,
        "timeoutSeconds": 20,
    }
    pod = {
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 60,
        "securityContext": _engine_user(),
        "containers": [engine],
    }
    return _stateful(name, pod, deployment, claim=True)


def _job(name: str, command: list[str], deployment: Deployment, *, state: bool) -> dict[str, Any]:
    engine = _engine(command, deployment)
    pod: dict[str, Any] = {
        "enableServiceLinks": False,
        "restartPolicy": "OnFailure",
        "securityContext": _engine_user(),
        "containers": [engine],
    }
    engine["volumeMounts"] = [{"name": _VOLUME, "mountPath": "/state"}]
    source = {"persistentVolumeClaim": {"claimName": name}} if state else {"emptyDir": {}}
    pod["volumes"] = [{"name": _VOLUME, **source}]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _metadata(name, deployment),
        "spec": {
            "backoffLimit": 20,
            "template": {"metadata": {"labels": _labels(name, deployment)}, "spec": pod},
        },
    }


def _engine(command: list[str], deployment: Deployment) -> dict[str, Any]:
    return {
        "name": "tidemill",
        "image": deployment.image,
        "args": command,
        "env": [_secret(name, name, deployment) for name in deployment.variables],
        "resources": _resources(1024),
    }


def _engine_user() -> dict[str, Any]:
    return {"runAsNonRoot": True, "runAsUser": 1000, "fsGroup": _ENGINE_GROUP}


def _stateful(
    name: str, pod: dict[str, Any], deployment: Deployment, *, claim: bool
) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "serviceName": name,
        "replicas": 1,
        "selector": {"matchLabels": _labels(name, deployment)},
        "template": {"metadata": {"labels": _labels(name, deployment)}, "spec": pod},
    }
    if claim:
        spec["volumeClaimTemplates"] = [
            {"metadata": {"name": _VOLUME}, "spec": _claimed()},
        ]
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": _metadata(name, deployment),
        "spec": spec,
    }


def _claim(name: str, deployment: Deployment) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(name, deployment),
        "spec": _claimed(),
    }


def _claimed() -> dict[str, Any]:
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": _STORAGE}}}


def _service(name: str, port: int | None, deployment: Deployment) -> dict[str, Any]:
    """With a port the server's name for the others; without one only what a StatefulSet needs."""
    spec: dict[str, Any] = {"selector": _labels(name, deployment), "clusterIP": "None"}
    if port is not None:
        spec["ports"] = [{"name": "main", "port": port}]
        # A server that starts must reach itself by its own name, before it is ready.
        spec["publishNotReadyAddresses"] = True
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(name, deployment),
        "spec": spec,
    }


def _secret(name: str, key: str, deployment: Deployment) -> dict[str, Any]:
    reference = {"name": secret_name(deployment), "key": key}
    return {"name": name, "valueFrom": {"secretKeyRef": reference}}


def _metadata(name: str, deployment: Deployment) -> dict[str, Any]:
    return {"name": name, "labels": _labels(name, deployment)}


def _labels(name: str, deployment: Deployment) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": deployment.project.lower(),
    }


def _resources(memory_mb: int) -> dict[str, Any]:
    return {
        "requests": {"cpu": "250m", "memory": f"{memory_mb}Mi"},
        "limits": {"memory": f"{memory_mb}Mi"},
    }
