"""A Flink 2.3 session cluster on loopback: JobManager, TaskManager and SQL Gateway.

Three servers that start together under the name `flink`. Guarantees: the memory of each process is
bounded; checkpoints and savepoints lie in the project's state folder and outlive restarts.
Non-guarantees: one TaskManager; no high availability, so running jobs end with the JobManager (a
job that was stopped with a savepoint, or has retained checkpoints, can be started again from them);
the REST interfaces have no authentication (loopback only).
"""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tidemill.interfaces.service import Command, Endpoint
from tidemill.services import jmx
from tidemill.services.context import ServiceContext
from tidemill.services.flink_home import (
    flink_command,
    flink_home,
    python_values,
    write_configuration,
)
from tidemill.services.ports import HOST, choose_ports
from tidemill.services.settings import refuse_reserved

SLOTS = 8
JOBMANAGER_HEAP_MB = 448
GATEWAY_HEAP_MB = 512
TASKMANAGER_HEAP_MB = 512
_FRAMEWORK_HEAP_MB = 128
_MANAGED_MB = 256
_NETWORK_MB = 64
_OFF_HEAP_MB = 128
_METASPACE_MB = 256
_OVERHEAD_MB = 192
_INSTALLS = ("flink-libraries", "flink", jmx.ENTRY)
_RESERVED = (
    "jobmanager.rpc",
    "jobmanager.bind-host",
    "taskmanager.host",
    "taskmanager.bind-host",
    "taskmanager.memory",
    "rest",
    "web.submit",
    "sql-gateway.endpoint",
)


class _FlinkProcess:
    """What the three have in common."""

    installs = _INSTALLS
    disk_min_bytes = 100 * 1024 * 1024
    death_signal = int(signal.SIGKILL)

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._folder = Path()
        self._rest_port = 0
        self._jmx: tuple[str, ...] = ()

    def stop_signal(self) -> int:
        """SIGTERM: Flink ends its parts in order."""
        return int(signal.SIGTERM)

    def _write(self, values: Mapping[str, str]) -> None:
        settings = self._context.settings
        refuse_reserved("flink", settings, _RESERVED)
        write_configuration(
            self._folder,
            {
                **COMMON_VALUES,
                **python_values(),
                **values,
                **(_REPORTER if self._jmx else {}),
                **settings.properties,
            },
        )


class FlinkJobManager(_FlinkProcess):
    """The JobManager with its REST interface."""

    name = "flink-jobmanager"
    depends_on: tuple[str, ...] = ()

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Choose the ports; make the folders of checkpoints and savepoints."""
        self._folder = data
        names = jmx.ports(("rest", "rpc"), self._context.settings)
        ports = choose_ports(self.name, names, data, None, self._context.note)
        self._jmx = jmx.agent(self.name, "flink", data, ports)
        self._rest_port = ports["rest"]
        for kind in ("checkpoints", "savepoints"):
            (data / kind).mkdir(parents=True, exist_ok=True)
        endpoint = Endpoint(
            HOST,
            ports,
            {
                "url": f"http://{HOST}:{ports['rest']}",
                "checkpoints": (data / "checkpoints").as_uri(),
                "savepoints": (data / "savepoints").as_uri(),
            },
        )
        self._write(cluster_values(endpoint))
        return endpoint

    def command(self) -> Command:
        """The JobManager."""
        options = [*_metaspace(), *self._jmx]
        home = flink_home()
        return flink_command("jobmanager", self._folder, JOBMANAGER_HEAP_MB, options, home=home)

    def ready(self) -> bool:
        """Whether it answers requests about the cluster."""
        return isinstance(get_json(self._rest_port, "/overview"), dict)


class FlinkTaskManager(_FlinkProcess):
    """One TaskManager."""

    name = "flink-taskmanager"
    depends_on: tuple[str, ...] = ("flink-jobmanager",)

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Write the configuration, with every part of the memory."""
        self._folder = data
        cluster = endpoints["flink-jobmanager"]
        self._rest_port = cluster.ports["rest"]
        names = jmx.ports((), self._context.settings)
        ports = choose_ports(self.name, names, data, None, self._context.note)
        self._jmx = jmx.agent(self.name, "flink", data, ports)
        self._write({**cluster_values(cluster), **taskmanager_memory(self._heap_mb)})
        return Endpoint(HOST, ports, {})

    def command(self) -> Command:
        """The TaskManager."""
        direct = _OFF_HEAP_MB + _NETWORK_MB
        options = [f"-XX:MaxDirectMemorySize={direct}m", *_metaspace(), *self._jmx]
        home = flink_home()
        return flink_command("taskmanager", self._folder, self._heap_mb, options, home=home)

    def ready(self) -> bool:
        """Whether its slots are registered with the JobManager."""
        overview = get_json(self._rest_port, "/overview")
        return isinstance(overview, dict) and overview.get("slots-total", 0) > 0

    @property
    def _heap_mb(self) -> int:
        return self._context.settings.heap_mb or TASKMANAGER_HEAP_MB


class FlinkGateway(_FlinkProcess):
    """The SQL Gateway."""

    name = "flink-gateway"
    depends_on: tuple[str, ...] = ("flink-jobmanager",)

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Choose the port, and point to the cluster."""
        self._folder = data
        fixed = self._context.settings.port
        ports = choose_ports(self.name, ("gateway",), data, fixed, self._context.note)
        self._rest_port = ports["gateway"]
        values = {
            "sql-gateway.endpoint.rest.address": HOST,
            "sql-gateway.endpoint.rest.bind-address": HOST,
            "sql-gateway.endpoint.rest.port": str(self._rest_port),
        }
        self._write({**cluster_values(endpoints["flink-jobmanager"]), **values})
        return Endpoint(HOST, ports, {"url": f"http://{HOST}:{self._rest_port}"})

    def command(self) -> Command:
        """The gateway."""
        heap_mb = GATEWAY_HEAP_MB
        return flink_command("gateway", self._folder, heap_mb, home=flink_home())

    def ready(self) -> bool:
        """Whether it says its version."""
        return isinstance(get_json(self._rest_port, "/v1/info"), dict)


_REPORTER = {
    "metrics.reporter.jmx.factory.class": "org.apache.flink.metrics.jmx.JMXReporterFactory"
}
"""Makes Flink's metrics beans, which the JMX exporter reads."""

COMMON_VALUES = {
    "parallelism.default": "1",
    "taskmanager.numberOfTaskSlots": str(SLOTS),
    "execution.checkpointing.interval": "1 s",
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    "execution.checkpointing.num-retained": "2",
    "table.local-time-zone": "UTC",
    # The REST interface tells how many rows went through; milliseconds, 10,000 by default.
    "metrics.fetcher.update-interval": "1000",
    # How old its answers may be that come from a cache; 3,000 by default.
    "web.refresh-interval": "500",
    # A page of the web can have its reader's browser upload a program.
    "web.submit.enable": "false",
    # Detects a dead TaskManager sooner than the 50 s by default.
    "heartbeat.interval": "2 s",
    "heartbeat.timeout": "20 s",
}
"""Settings of every process of Flink, and of its clients."""


def cluster_values(jobmanager: Endpoint) -> dict[str, str]:
    """What every process must know to find the others, all on loopback."""
    return {
        "jobmanager.rpc.address": HOST,
        "jobmanager.rpc.port": str(jobmanager.ports["rpc"]),
        "jobmanager.bind-host": HOST,
        "jobmanager.memory.process.size": f"{JOBMANAGER_HEAP_MB + 512}m",
        "taskmanager.bind-host": HOST,
        "taskmanager.host": HOST,
        "rest.address": HOST,
        "rest.bind-address": HOST,
        "rest.port": str(jobmanager.ports["rest"]),
        "execution.checkpointing.dir": jobmanager.properties["checkpoints"],
        "execution.checkpointing.savepoint-dir": jobmanager.properties["savepoints"],
    }


def taskmanager_memory(heap_mb: int) -> dict[str, str]:
    """Every part of the memory by name, so that nothing is left for Flink's script to derive."""
    framework_mb = min(_FRAMEWORK_HEAP_MB, heap_mb // 2)
    return {
        "taskmanager.cpu.cores": str(SLOTS),
        "taskmanager.memory.framework.heap.size": f"{framework_mb}m",
        "taskmanager.memory.task.heap.size": f"{heap_mb - framework_mb}m",
        "taskmanager.memory.framework.off-heap.size": f"{_OFF_HEAP_MB}m",
        "taskmanager.memory.task.off-heap.size": "0m",
        "taskmanager.memory.network.min": f"{_NETWORK_MB}m",
        "taskmanager.memory.network.max": f"{_NETWORK_MB}m",
        "taskmanager.memory.managed.size": f"{_MANAGED_MB}m",
        "taskmanager.memory.jvm-metaspace.size": f"{_METASPACE_MB}m",
        "taskmanager.memory.jvm-overhead.min": f"{_OVERHEAD_MB}m",
        "taskmanager.memory.jvm-overhead.max": f"{_OVERHEAD_MB}m",
    }


def get_json(port: int, path: str) -> Any:
    """What a REST interface on this machine answers; None where it does not."""
    connection = http.client.HTTPConnection(HOST, port, timeout=3)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        content = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return content if response.status == 200 else None


def _metaspace() -> list[str]:
    return [f"-XX:MaxMetaspaceSize={_METASPACE_MB}m"]
