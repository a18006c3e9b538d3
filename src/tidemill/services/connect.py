"""Kafka Connect in distributed mode, REST on loopback.

With it come the Debezium connector for Postgres and Apicurio's Avro converter.

Guarantees: connectors, their offsets and their state live in Kafka and outlive restarts and
`kill -9`. A secret need not stand in a connector's configuration: it can be referred to as
`${file:<state folder>/servers/postgres/secrets.properties:password}`.
The REST interface asks for a user and a generated password (HTTP basic), as whoever reaches it may
make the worker run what its plugins can.
"""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Mapping
from pathlib import Path

from tidemill.interfaces.service import Command, Endpoint
from tidemill.services import jmx
from tidemill.services.connect_plugins import AVRO_PLUGIN, avro_plugin
from tidemill.services.context import ServiceContext
from tidemill.services.credentials import USER, basic_authorization, generated_password
from tidemill.services.install import class_path, plugin_folder
from tidemill.services.jvm import LOGGING, jvm_command, write_properties
from tidemill.services.kafka import MESSAGE_BYTES_MAX, jaas_line
from tidemill.services.ports import HOST, choose_ports
from tidemill.services.settings import refuse_reserved
from tidemill.services.state import write_private

HEAP_MB = 512
QUIET = """\
logger.reflections.name = org.reflections
logger.reflections.level = error
logger.plugins.name = org.apache.kafka.connect.runtime.isolation
logger.plugins.level = warn
logger.clients.name = org.apache.kafka.clients
logger.clients.level = warn
logger.config.name = org.apache.kafka.common.config
logger.config.level = warn
"""
_RESERVED = (
    "listeners", "admin.listeners", "bootstrap.servers", "rest.advertised",
    "rest.extension.classes",
)  # fmt: skip
_OVERRIDES = (
    "acks", "batch.size", "buffer.memory", "compression.type", "compression.lz4.level",
    "compression.zstd.level", "delivery.timeout.ms", "linger.ms", "max.request.size",
    "request.timeout.ms", "retries", "auto.offset.reset", "fetch.max.bytes", "fetch.min.bytes",
    "fetch.max.wait.ms", "max.partition.fetch.bytes", "max.poll.interval.ms", "max.poll.records",
    "isolation.level",
)  # fmt: skip
"""What a connector may set of its own Kafka clients: how fast, not where to or who as."""


class Connect:
    """One Kafka Connect worker."""

    name = "connect"
    depends_on: tuple[str, ...] = ("kafka",)
    installs = ("connect", "debezium-postgres", AVRO_PLUGIN, jmx.ENTRY)
    disk_min_bytes = 20 * 1024 * 1024
    death_signal = int(signal.SIGKILL)

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._folder = Path()
        self._port = 0
        self._jmx: tuple[str, ...] = ()
        self._password = ""

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Write the worker's configuration."""
        self._folder = data
        settings = self._context.settings
        refuse_reserved(self.name, settings, _RESERVED)
        ports = choose_ports(
            self.name, jmx.ports(("rest",), settings), data, settings.port, self._context.note
        )
        self._port = ports["rest"]
        self._jmx = jmx.agent(self.name, "connect", data, ports)
        self._password = generated_password(data)
        write_private(data / "rest-login.properties", write_properties({USER: self._password}))
        write_private(data / "rest-login.conf", _login(data / "rest-login.properties"))
        values = {
            **_defaults(data, self._port, endpoints["kafka"].properties["bootstrap.servers"]),
            **_kafka_login(endpoints["kafka"].secrets.get("password")),
            **settings.properties,
        }
        write_private(data / "worker.properties", write_properties(values))
        write_private(data / "log4j2.properties", LOGGING + QUIET)
        url = f"http://{HOST}:{self._port}"
        return Endpoint(HOST, ports, {"url": url, "user": USER}, {"password": self._password})

    def command(self) -> Command:
        """The worker process."""
        return jvm_command(
            self._folder,
            self._context.settings.heap_mb or HEAP_MB,
            class_path("connect"),
            "org.apache.kafka.connect.cli.ConnectDistributed",
            [str(self._folder / "worker.properties")],
            {
                "log4j2.configurationFile": str(self._folder / "log4j2.properties"),
                "java.security.auth.login.config": str(self._folder / "rest-login.conf"),
            },
            self._jmx,
        )

    def ready(self) -> bool:
        """Whether the worker has joined its group and answers requests about connectors."""
        return self._get("/health", "status") == "healthy" and self._get("/connectors") is not None

    def stop_signal(self) -> int:
        """SIGTERM: the worker stops its tasks and leaves its group."""
        return int(signal.SIGTERM)

    def _get(self, path: str, key: str | None = None) -> object:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=3)
        try:
            connection.request("GET", path, headers=basic_authorization(self._password))
            response = connection.getresponse()
            content = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()
        if response.status != 200:
            return None
        return content.get(key) if key and isinstance(content, dict) else content


def _kafka_login(password: str | None) -> dict[str, str]:
    """The login of the worker's and its connectors' clients, where the broker asks for one."""
    if password is None:
        return {}
    login = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.jaas.config": jaas_line(password),
    }
    clients = ("", "producer.", "consumer.", "admin.")
    return {f"{client}{key}": value for client in clients for key, value in login.items()}


def _login(users: Path) -> str:
    """The JAAS configuration by which the REST interface knows its users."""
    module = "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule"
    path = str(users).replace("\\", "\\\\").replace('"', '\\"')
    return f'KafkaConnect {{\n  {module} required\n  file="{path}";\n}};\n'


def _defaults(folder: Path, port: int, bootstrap: str) -> dict[str, str]:
    size = str(MESSAGE_BYTES_MAX)
    return {
        "bootstrap.servers": bootstrap,
        "group.id": "tidemill-connect",
        "listeners": f"http://{HOST}:{port}",
        "rest.extension.classes": (
            "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension"
        ),
        # By default a connector may give its clients any property, login modules among them.
        "connector.client.config.override.policy": "Allowlist",
        "connector.client.config.override.allowlist": ",".join(_OVERRIDES),
        "rest.advertised.host.name": HOST,
        "rest.advertised.port": str(port),
        "plugin.path": f"{plugin_folder('debezium-postgres')},{avro_plugin(folder)}",
        "plugin.discovery": "service_load",
        "config.storage.topic": "tidemill-connect.configs",
        "config.storage.replication.factor": "1",
        "offset.storage.topic": "tidemill-connect.offsets",
        "offset.storage.replication.factor": "1",
        "offset.storage.partitions": "4",
        "status.storage.topic": "tidemill-connect.status",
        "status.storage.replication.factor": "1",
        "status.storage.partitions": "2",
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable": "false",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
        # Records and their offsets commit in one transaction, so that a connector that supports it
        # (Debezium does) writes nothing twice after a crash, for read_committed readers.
        "exactly.once.source.support": "enabled",
        # For connectors that don't: what they repeat is at most what came since the last flush.
        "offset.flush.interval.ms": "1000",
        # With one worker nobody else can take its tasks over: do not wait for it to come back.
        "scheduled.rebalance.max.delay.ms": "0",
        "session.timeout.ms": "6000",
        "heartbeat.interval.ms": "1500",
        "producer.max.request.size": size,
        "producer.compression.type": "lz4",
        "consumer.max.partition.fetch.bytes": size,
        "config.providers": "file",
        "config.providers.file.class": (
            "org.apache.kafka.common.config.provider.FileConfigProvider"
        ),
        "config.providers.file.param.allowed.paths": str(folder.parent),
    }
