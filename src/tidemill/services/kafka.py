"""Apache Kafka: one broker that is its own controller (KRaft), on loopback.

Guarantees: transactions and groups work with one broker (every internal topic has one replica);
messages up to 16 MB; the data outlives restarts and `kill -9`. Records are kept until they are
deleted (`log.retention.ms=-1`), and any record timestamp is taken, since replayed events carry
old ones. Topics are made on first write, as is Kafka's default and as Debezium expects.
With the setting `auth` all listeners ask for a user and a generated password (SASL PLAIN).
Non-guarantees: no replication, no TLS (loopback only); without `auth` no login.
"""

from __future__ import annotations

import base64
import contextlib
import shutil
import signal
import uuid
from collections.abc import Mapping
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.interfaces.service import Command, Endpoint
from tidemill.services import jmx
from tidemill.services.context import ServiceContext
from tidemill.services.credentials import USER, generated_password
from tidemill.services.install import class_path
from tidemill.services.jvm import LOGGING, jvm_command, write_properties
from tidemill.services.kafka_login import client_login
from tidemill.services.ports import HOST, choose_ports
from tidemill.services.settings import refuse_reserved
from tidemill.services.spawn import run_helper
from tidemill.services.state import write_private

HEAP_MB = 512
MESSAGE_BYTES_MAX = 16 * 1024 * 1024
_RESERVED = (
    "process.roles",
    "node.id",
    "controller.quorum",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "listener.name",
    "sasl",
    "log.dir",
    "log.dirs",
)


class Kafka:
    """A single-node Kafka broker."""

    name = "kafka"
    depends_on: tuple[str, ...] = ()
    installs = ("kafka", jmx.ENTRY)
    disk_min_bytes = 100 * 1024 * 1024
    death_signal = int(signal.SIGKILL)

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._folder = Path()
        self._bootstrap = ""
        self._login: dict[str, str] = {}
        self._jmx: tuple[str, ...] = ()

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Write the configuration and, before the first start, format the storage."""
        self._folder = data
        settings = self._context.settings
        refuse_reserved(self.name, settings, _RESERVED)
        ports = choose_ports(
            self.name,
            jmx.ports(("broker", "controller"), settings),
            data,
            settings.port,
            self._context.note,
        )
        self._jmx = jmx.agent(self.name, "kafka", data, ports)
        self._bootstrap = f"{HOST}:{ports['broker']}"
        write_private(data / "log4j2.properties", LOGGING)
        told = settings.advertised_port or ports["broker"]
        password = generated_password(data) if settings.auth else None
        self._login = {} if password is None else client_login(password)
        listeners = {} if password is None else _listeners_with_login(password)
        values = {**_defaults(data, ports, told), **settings.properties, **listeners}
        write_private(data / "server.properties", write_properties(values))
        if not (data / "data").exists():
            self._format(values)
        shown = {name: port for name, port in ports.items() if name != "controller"}
        known = {"bootstrap.servers": self._bootstrap}
        if password is None:
            return Endpoint(HOST, shown, known)
        return Endpoint(HOST, shown, {**known, "user": USER}, {"password": password})

    def command(self) -> Command:
        """The broker process."""
        heap_mb = self._context.settings.heap_mb or HEAP_MB
        configuration = str(self._folder / "server.properties")
        return self._java(heap_mb, "kafka.Kafka", configuration, options=self._jmx)

    def ready(self) -> bool:
        """Whether metadata, groups and transactions are served."""
        from confluent_kafka import KafkaException, Producer  # noqa: PLC0415 - only the prober
        from confluent_kafka.admin import AdminClient  # noqa: PLC0415

        options: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self._bootstrap,
            "socket.connection.setup.timeout.ms": 2000,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 200,
            "log_level": 0,
            **self._login,
        }
        with contextlib.suppress(KafkaException):
            if not AdminClient(options).list_topics(timeout=2).brokers:
                return False
            # Makes the transaction log on the first start, so that no client has to wait for it.
            producer = Producer({**options, "transactional.id": "tidemill-readiness"})
            producer.init_transactions(10)
            return True
        return False

    def stop_signal(self) -> int:
        """SIGTERM: the broker closes its logs."""
        return int(signal.SIGTERM)

    def _java(
        self, heap_mb: int, main_class: str, *arguments: str, options: tuple[str, ...] = ()
    ) -> Command:
        logging = {"log4j2.configurationFile": str(self._folder / "log4j2.properties")}
        return jvm_command(
            self._folder, heap_mb, class_path("kafka"), main_class, arguments, logging, options
        )

    def _format(self, values: Mapping[str, str]) -> None:
        """Format beside the final place, then rename: half a storage is never started."""
        fresh = self._folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        configuration = self._folder / "format.properties"
        write_private(configuration, write_properties({**values, "log.dirs": str(fresh)}))
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # A cluster id that starts with a dash would be read as an option.
        cluster = "T" + cluster[1:] if cluster.startswith("-") else cluster
        arguments = ("format", "-t", cluster, "-c", str(configuration))
        # A tool that lives for a second: the optimising compiler would only cost time.
        tool = self._java(
            256, "kafka.tools.StorageTool", *arguments, options=("-XX:TieredStopAtLevel=1",)
        )
        code, output = run_helper(self.name, tool)
        if code != 0:
            raise ServiceError(
                "kafka's storage could not be formatted",
                code="service.disk-full" if "No space left" in output else "service.format-failed",
                where=Where(server=self.name, file=str(self._folder)),
                detail="\n".join(output.strip().splitlines()[-8:]),
                hint="Check the `properties` that you set for kafka, and the room on the disk.",
            )
        fresh.rename(self._folder / "data")


def jaas_line(password: str, *users: str) -> str:
    """The login as Java's clients and, with what its users are, a listener name it."""
    module = "org.apache.kafka.common.security.plain.PlainLoginModule"
    options = " ".join([f'username="{USER}"', f'password="{password}"', *users])
    return f"{module} required {options};"


def _listeners_with_login(password: str) -> dict[str, str]:
    line = jaas_line(password, f'user_{USER}="{password}"')
    return {
        "listener.security.protocol.map": "BROKER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.broker.plain.sasl.jaas.config": line,
        "listener.name.controller.plain.sasl.jaas.config": line,
    }


def _defaults(folder: Path, ports: Mapping[str, int], advertised_port: int) -> dict[str, str]:
    broker = f"BROKER://{HOST}:{ports['broker']}"
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{ports['controller']}",
        "listeners": f"{broker},CONTROLLER://{HOST}:{ports['controller']}",
        "advertised.listeners": f"BROKER://{HOST}:{advertised_port}",
        "inter.broker.listener.name": "BROKER",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(folder / "data"),
        "num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        # A sink's epoch lives in its group's offsets; a job that pauses for weeks must find it.
        "offsets.retention.minutes": "2147483647",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # An epoch's number is an offset that its transaction waits for: no lingering for others.
        "group.coordinator.append.linger.ms": "0",
        "message.max.bytes": str(MESSAGE_BYTES_MAX),
        "replica.fetch.max.bytes": str(MESSAGE_BYTES_MAX),
        "log.retention.ms": "-1",
        "log.message.timestamp.after.max.ms": str(2**63 - 1),
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
        "num.network.threads": "2",
        "num.io.threads": "4",
        # After `kill -9` the controller waits this long before it takes the broker back.
        "broker.session.timeout.ms": "2500",
        "broker.heartbeat.interval.ms": "400",
    }
