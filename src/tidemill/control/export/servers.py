"""Each server of a project as a container: one description for Compose and for Kubernetes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from tidemill.control.export.images import image_of
from tidemill.records import dataclass

USER = "tidemill"
PROBED = "http://127.0.0.1"


@dataclass(frozen=True, slots=True)
class Container:
    """A server that runs in one container.

    `secrets` are variables of its environment and the names under which Compose (a variable) or
    Kubernetes (a key of a Secret) keeps their values; `command` replaces the image's own start;
    `arguments` go to that start; `health` is run inside; `volume` is the folder of its data, and
    `group` owns that on Kubernetes.
    """

    name: str
    image: str
    port: int
    health: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    volume: str | None = None
    group: int | None = None
    needs: tuple[str, ...] = ()
    memory_mb: int = 1024


def containers(servers: Mapping[str, Mapping[str, Any]], database: str) -> tuple[Container, ...]:
    """The containers of the servers that have one each; Flink and Airflow are no such servers."""
    return tuple(
        make(given.get("properties", {}), database, tuple(servers))
        for name, given in servers.items()
        if (make := _MAKERS.get(name)) is not None
    )


_Make = Callable[[Mapping[str, Any], str, tuple[str, ...]], Container]


def _postgres(properties: Mapping[str, Any], database: str, _: tuple[str, ...]) -> Container:
    settings = {"wal_level": "logical", **properties}
    return Container(
        "postgres",
        image_of("postgres"),
        5432,
        ("pg_isready", "-q", "-h", "127.0.0.1", "-U", USER, "-d", database),
        environment={
            "POSTGRES_USER": USER,
            "POSTGRES_DB": database,
            # Below the volume's root, where a file system may keep folders of its own.
            "PGDATA": "/var/lib/postgresql/data/pgdata",
        },
        secrets={"POSTGRES_PASSWORD": "POSTGRES_PASSWORD"},
        arguments=(
            "postgres",
            *(word for key, value in settings.items() for word in ("-c", f"{key}={_text(value)}")),
        ),
        volume="/var/lib/postgresql/data",
        group=999,
    )


def _kafka(properties: Mapping[str, Any], _: str, __: tuple[str, ...]) -> Container:
    return Container(
        "kafka",
        image_of("kafka"),
        9092,
        (
            "/opt/kafka/bin/kafka-broker-api-versions.sh",
            "--bootstrap-server",
            "127.0.0.1:9092",
        ),
        environment={
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
            "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:9092",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "KAFKA_LOG_DIRS": "/var/lib/kafka/data/logs",
            # One broker: Kafka's own topics have one copy.
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            **_environment(
                "KAFKA_",
                {
                    key.replace("_", "__").replace("-", "___"): value
                    for key, value in properties.items()
                },
            ),
        },
        volume="/var/lib/kafka/data",
        group=1000,
    )


def _connect(properties: Mapping[str, Any], _: str, __: tuple[str, ...]) -> Container:
    return Container(
        "connect",
        image_of("connect"),
        8083,
        ("curl", "-fsS", "-o", "/dev/null", f"{PROBED}:8083/connectors"),
        environment={
            "BOOTSTRAP_SERVERS": "kafka:9092",
            "GROUP_ID": "connect",
            "CONFIG_STORAGE_TOPIC": "connect.configs",
            "OFFSET_STORAGE_TOPIC": "connect.offsets",
            "STATUS_STORAGE_TOPIC": "connect.status",
            "CONNECT_EXACTLY_ONCE_SOURCE_SUPPORT": "enabled",
            # The image has the Avro converter of the registry, but offers it on request only.
            "ENABLE_APICURIO_CONVERTERS": "true",
            **_environment("CONNECT_", properties),
        },
        needs=("kafka",),
    )


def _registry(properties: Mapping[str, Any], _: str, servers: tuple[str, ...]) -> Container:
    kept = {
        "APICURIO_STORAGE_KIND": "kafkasql",
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": "kafka:9092",
    }
    has_kafka = "kafka" in servers
    return Container(
        "registry",
        image_of("registry"),
        8080,
        ("curl", "-fsS", "-o", "/dev/null", f"{PROBED}:8080/health/ready"),
        environment={**(kept if has_kafka else {}), **_environment("", properties)},
        needs=("kafka",) if has_kafka else (),
        memory_mb=768,
    )


def _redis(properties: Mapping[str, Any], _: str, __: tuple[str, ...]) -> Container:
    settings = {"appendonly": "yes", "appendfsync": "always", **properties}
    words = " ".join(f"--{key} '{_text(value)}'" for key, value in settings.items())
    return Container(
        "redis",
        image_of("redis"),
        6379,
        ("redis-cli", "ping"),
        secrets={"REDIS_PASSWORD": "REDIS_PASSWORD", "REDISCLI_AUTH": "REDIS_PASSWORD"},
        # The password comes from the environment, never in an argument of the image's own start.
        command=(
            "sh",
            "-c",
            f'printf \'requirepass "%s"\\n\' "$REDIS_PASSWORD" | exec redis-server - {words}',
        ),
        volume="/data",
        group=999,
        memory_mb=512,
    )


def _s3(_: Mapping[str, Any], __: str, ___: tuple[str, ...]) -> Container:
    return Container(
        "s3",
        image_of("s3"),
        9000,
        ("curl", "-s", "-o", "/dev/null", f"{PROBED}:9000/"),
        environment={
            "S3PROXY_ENDPOINT": "http://0.0.0.0:9000",
            "S3PROXY_AUTHORIZATION": "aws-v2-or-v4",
            "JCLOUDS_PROVIDER": "filesystem-nio2",
            "JCLOUDS_FILESYSTEM_BASEDIR": "/data",
        },
        secrets={"S3PROXY_IDENTITY": "S3_ACCESS_KEY", "S3PROXY_CREDENTIAL": "S3_SECRET_KEY"},
        # A bucket is a folder.
        command=("sh", "-c", "mkdir -p /data/lake && exec /opt/s3proxy/run-docker-container.sh"),
        volume="/data",
        group=1000,
        memory_mb=768,
    )


_MAKERS: Mapping[str, _Make] = {
    "postgres": _postgres,
    "kafka": _kafka,
    "connect": _connect,
    "redis": _redis,
    "registry": _registry,
    "s3": _s3,
}


def _environment(prefix: str, properties: Mapping[str, Any]) -> dict[str, str]:
    """A server's own settings, as its image takes them: `log.dirs` is `KAFKA_LOG_DIRS`."""
    return {
        prefix + key.replace(".", "_").replace("-", "_").upper(): _text(value)
        for key, value in properties.items()
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
