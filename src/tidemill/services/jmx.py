"""A server's own metrics for Prometheus: the JMX exporter as an agent inside its JVM.

It is there where a server's setting `jmx_metrics` is true, listens on loopback, and is found by
`tidemill up prometheus` through a file in the state folder. Units are base units, and labels few:
what Kafka and Flink count by topic, client, operator or subtask is left out, since those series
would outnumber all others. JVM metrics (memory, collections, threads) come with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tidemill.services.install import class_path
from tidemill.services.ports import HOST
from tidemill.services.settings import ServerSettings
from tidemill.services.state import write_json

ENTRY = "jmx-exporter"
PORT = "jmx"
TARGETS = "prometheus-jmx"
"""In the state folder: a file a server, as Prometheus's file discovery reads them."""

_SECONDS = {"valueFactor": 0.001}
Rule = Mapping[str, Any]


def ports(own: tuple[str, ...], settings: ServerSettings) -> tuple[str, ...]:
    """The names of a server's ports, with the agent's where it is wanted."""
    return (*own, PORT) if settings.jmx_metrics else own


def agent(server: str, kind: str, folder: Path, chosen: Mapping[str, int]) -> tuple[str, ...]:
    """The JVM's options for the agent, nothing where it has no port; Prometheus is told.

    Args:
        server: its name, which becomes a label.
        kind: whose metrics: kafka, connect or flink.
        folder: the server's folder, which takes the agent's configuration.
        chosen: the server's ports.
    """
    target = folder.parent.parent / TARGETS / f"{server}.json"
    port = chosen.get(PORT)
    if port is None:
        target.unlink(missing_ok=True)
        return ()
    target.parent.mkdir(exist_ok=True)
    write_json(target, [{"targets": [f"{HOST}:{port}"], "labels": {"server": server}}])
    file = folder / "jmx.json"
    # JSON is YAML, which the agent reads.
    write_json(file, {
        "lowercaseOutputName": True,
        "includeObjectNames": list(_OBJECTS[kind]),
        "rules": [dict(rule) for rule in _RULES[kind]],
    })  # fmt: skip
    (jar,) = class_path(ENTRY)
    return (f"-javaagent:{jar}={HOST}:{port}:{file}",)


def _counter(pattern: str, name: str, **labels: str) -> Rule:
    return {"pattern": pattern, "name": name, "type": "COUNTER", "labels": labels}


def _gauge(
    pattern: str, name: str, factor: Mapping[str, float] | None = None, **labels: str
) -> Rule:
    return {"pattern": pattern, "name": name, "type": "GAUGE", "labels": labels, **(factor or {})}


_OBJECTS: Mapping[str, tuple[str, ...]] = {
    "kafka": (
        "kafka.server:type=BrokerTopicMetrics,name=*",
        "kafka.server:type=ReplicaManager,name=*",
        "kafka.server:type=KafkaRequestHandlerPool,name=*",
        "kafka.network:type=RequestMetrics,name=TotalTimeMs,request=*",
        "kafka.controller:type=KafkaController,name=*",
        "kafka.log:type=LogFlushStats,name=*",
    ),
    "connect": (
        "kafka.connect:type=connect-worker-metrics",
        "kafka.connect:type=connector-task-metrics,*",
        "kafka.connect:type=source-task-metrics,*",
        "kafka.connect:type=task-error-metrics,*",
        "debezium.postgres:type=connector-metrics,*",
    ),
    "flink": (
        "org.apache.flink.jobmanager.job.*:*",
        "org.apache.flink.jobmanager.*:host=*",
        "org.apache.flink.taskmanager.Status.*:*",
    ),
}

_REQUESTS = "Produce|FetchConsumer|Metadata|OffsetCommit|FindCoordinator|EndTxn"
_TASK = r'connector="?([^",]+)"?, task="?(\d+)"?'
_JOB = r"job_id=\w+, job_name=([^,]+), host=[^>]*"

_RULES: Mapping[str, tuple[Rule, ...]] = {
    "kafka": (
        _counter(
            r"kafka.server<type=BrokerTopicMetrics, name=(\w+)PerSec><>Count",
            "kafka_broker_$1_total",
        ),
        _gauge(
            r"kafka.server<type=ReplicaManager, name=(UnderReplicatedPartitions|PartitionCount"
            r"|OfflineReplicaCount|LeaderCount)><>Value",
            "kafka_replica_manager_$1",
        ),
        _gauge(
            r"kafka.server<type=KafkaRequestHandlerPool, name=RequestHandlerAvgIdlePercent>"
            r"<>OneMinuteRate",
            "kafka_request_handler_idle_ratio",
        ),
        _gauge(
            rf"kafka.network<type=RequestMetrics, name=TotalTimeMs, request=({_REQUESTS})>"
            r"<>99thPercentile",
            "kafka_request_p99_seconds", _SECONDS, request="$1",
        ),
        _counter(
            rf"kafka.network<type=RequestMetrics, name=TotalTimeMs, request=({_REQUESTS})><>Count",
            "kafka_requests_total", request="$1",
        ),
        _gauge(
            r"kafka.controller<type=KafkaController, name=(ActiveControllerCount"
            r"|OfflinePartitionsCount|GlobalTopicCount|GlobalPartitionCount)><>Value",
            "kafka_controller_$1",
        ),
        _gauge(
            r"kafka.log<type=LogFlushStats, name=LogFlushRateAndTimeMs><>99thPercentile",
            "kafka_log_flush_p99_seconds", _SECONDS,
        ),
    ),
    "connect": (
        _gauge(
            r"kafka.connect<type=connect-worker-metrics><>(connector-count|task-count"
            r"|connector-startup-failure-total|task-startup-failure-total)",
            "kafka_connect_worker_$1",
        ),
        _gauge(
            rf"kafka.connect<type=connector-task-metrics, {_TASK}><>(running-ratio|batch-size-avg)",
            "kafka_connect_task_$3", connector="$1", task="$2",
        ),
        _gauge(
            rf"kafka.connect<type=connector-task-metrics, {_TASK}><>offset-commit-avg-time-ms",
            "kafka_connect_task_offset_commit_avg_seconds", _SECONDS, connector="$1", task="$2",
        ),
        _counter(
            rf"kafka.connect<type=source-task-metrics, {_TASK}>"
            r"<>(source-record-poll|source-record-write|transaction-size)-total",
            "kafka_connect_task_$3_total", connector="$1", task="$2",
        ),
        _counter(
            rf"kafka.connect<type=task-error-metrics, {_TASK}>"
            r"<>total-(record-errors|record-failures|records-skipped|retries)",
            "kafka_connect_task_$3_total", connector="$1", task="$2",
        ),
        _gauge(
            r"debezium.postgres<type=connector-metrics, context=(\w+), server=([^,>]+)>"
            r"<>MilliSecondsBehindSource",
            "debezium_behind_source_seconds", _SECONDS, context="$1", server="$2",
        ),
        _counter(
            r"debezium.postgres<type=connector-metrics, context=(\w+), server=([^,>]+)>"
            r"<>TotalNumberOf(\w+)Seen",
            "debezium_$3_total", context="$1", server="$2",
        ),
        _gauge(
            r"debezium.postgres<type=connector-metrics, context=(\w+), server=([^,>]+)>"
            r"<>(QueueTotalCapacity|QueueRemainingCapacity|Connected|SnapshotCompleted)",
            "debezium_$3", context="$1", server="$2",
        ),
    ),
    "flink": (
        _gauge(
            rf"org.apache.flink.jobmanager.job.(\w+)<{_JOB}><>(?:Value|Count)",
            "flink_job_$1", job="$2",
        ),
        _gauge(
            r"org.apache.flink.jobmanager.(numRunningJobs|numRegisteredTaskManagers"
            r"|taskSlotsTotal|taskSlotsAvailable)<host=[^>]*><>Value",
            "flink_jobmanager_$1",
        ),
        _gauge(
            r"org.apache.flink.taskmanager.Status.(Flink.Memory|Shuffle.Netty)\.(\w+)<[^>]*><>Value",
            "flink_taskmanager_$2",
        ),
    ),
}  # fmt: skip
