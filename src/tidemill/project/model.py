"""What may stand in `tidemill.yaml`: one strict pydantic model, the source of the JSON Schema.

Every value is still as written: `${...}` references are resolved later, where they are used.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
"""Names of projects, pipelines and connections: they become folder, topic and group names."""

SERVERS = (
    "postgres", "kafka", "connect", "redis", "registry", "flink", "s3", "airflow", "prometheus",
)  # fmt: skip
"""The servers that a project can name, in the order they depend on each other."""

Name = Annotated[str, Field(pattern=NAME, max_length=100)]
Port = Annotated[int, Field(ge=1, le=65535, description="TCP port; by default a free one")]
JmxMetrics = Annotated[
    bool, Field(description="Whether its own metrics are given to Prometheus, by a JMX exporter")
]
HeapMb = Annotated[int, Field(ge=128, le=65536, description="Java heap in MB")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class _Server(_Strict):
    port: Port | None = None
    properties: Annotated[
        dict[str, str | int | float | bool],
        Field(description="The server's own configuration, under its own names"),
    ] = {}
    start_timeout_s: Annotated[
        int, Field(ge=1, le=3600, description="How long it may take to be ready, in seconds")
    ] = 60


class PostgresServer(_Server):
    """The project's own Postgres (`wal_level=logical`)."""


class KafkaServer(_Server):
    """The project's own Kafka broker (KRaft, one node)."""

    heap_mb: HeapMb | None = None
    auth: Annotated[
        bool,
        Field(
            description="Whether it asks for a user and a generated password (SASL PLAIN); tables, "
            "commands and Kafka Connect of this project log in by themselves"
        ),
    ] = False
    jmx_metrics: JmxMetrics = False


class ConnectServer(_Server):
    """The project's own Kafka Connect worker with the Debezium Postgres connector."""

    heap_mb: HeapMb | None = None
    jmx_metrics: JmxMetrics = False


class RedisServer(_Server):
    """The project's own Redis (append-only file, flushed before each answer)."""


class RegistryServer(_Server):
    """The project's own schema registry (Apicurio, with Confluent's API)."""

    heap_mb: HeapMb | None = None


class FlinkServer(_Server):
    """The project's own Flink session cluster with its SQL Gateway.

    `port` is the gateway's, `heap_mb` the TaskManager's; `properties` are for all of them.
    """

    heap_mb: HeapMb | None = None
    jmx_metrics: JmxMetrics = False


class S3Server(_Server):
    """The project's own S3 store (S3Proxy over a folder), with the bucket `lake` and others."""

    heap_mb: HeapMb | None = None
    buckets: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]],
        Field(description="Buckets that are made beside `lake`"),
    ] = []


class AirflowServer(_Server):
    """The project's own Airflow; `port` is that of its web pages.

    `properties` are Airflow's own options, as `section.key`.
    """


class PrometheusServer(_Server):
    """The project's own Prometheus, of the program on the PATH, which scrapes its console.

    `properties` are `scrape_interval_s`, `alert_lag_s` and `storage.tsdb.retention.time`.
    """


def _empty_if_none(value: Any) -> Any:
    return {} if value is None else value


class Servers(_Strict):
    """The real servers that `tidemill up` starts; one that is not named is not started."""

    postgres: Annotated[PostgresServer | None, BeforeValidator(_empty_if_none)] = None
    kafka: Annotated[KafkaServer | None, BeforeValidator(_empty_if_none)] = None
    connect: Annotated[ConnectServer | None, BeforeValidator(_empty_if_none)] = None
    redis: Annotated[RedisServer | None, BeforeValidator(_empty_if_none)] = None
    registry: Annotated[RegistryServer | None, BeforeValidator(_empty_if_none)] = None
    flink: Annotated[FlinkServer | None, BeforeValidator(_empty_if_none)] = None
    s3: Annotated[S3Server | None, BeforeValidator(_empty_if_none)] = None
    airflow: Annotated[AirflowServer | None, BeforeValidator(_empty_if_none)] = None
    prometheus: Annotated[PrometheusServer | None, BeforeValidator(_empty_if_none)] = None

    def given(self) -> dict[str, dict[str, Any]]:
        """The settings that the project gives, by server; servers in their order of dependence."""
        return {name: getattr(self, name).model_dump(exclude_unset=True) for name in self.names}

    @property
    def names(self) -> tuple[str, ...]:
        """The servers that the project names, in the order they depend on each other."""
        chosen = ((name, getattr(self, name)) for name in SERVERS)
        return tuple(name for name, server in chosen if server is not None)


class Pipeline(_Strict):
    """One or more pipeline files, with their settings."""

    file: Annotated[str, Field(min_length=1, description="Path or pattern, from the project")]
    name: Annotated[Name | None, Field(description="By default the file's name without .sql")] = (
        None
    )
    settings: Annotated[
        dict[str, str | int | float | bool], Field(description="SET values for this pipeline")
    ] = {}
    variables: Annotated[
        dict[Name, str | int | float | bool], Field(description="Override the project's variables")
    ] = {}


def _pipeline_form(value: Any) -> str:
    return "(path)" if isinstance(value, str) else "(entry)"


PipelineItem = Annotated[
    Annotated[str, Field(min_length=1), Tag("(path)")] | Annotated[Pipeline, Tag("(entry)")],
    Discriminator(_pipeline_form),
]


class Functions(_Strict):
    """Python functions."""

    packages: Annotated[
        list[Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")]],
        Field(
            description="Installed packages whose functions CREATE FUNCTION may name; by default "
            "only modules of the project"
        ),
    ] = []


class Spark(_Strict):
    """The Spark that `tidemill run --engine spark` runs pipelines on; by default one here."""

    properties: Annotated[
        dict[
            Annotated[str, Field(pattern=r"^spark\.[A-Za-z0-9._-]+$")],
            str | int | float | bool,
        ],
        Field(description="Spark's own configuration, as `spark.master: local[2]`"),
    ] = {}


class Observe(_Strict):
    """What is watched, and where it is told."""

    slot_wal_budget_mb: Annotated[
        int,
        Field(
            ge=1,
            description="WAL that a replication slot may hold before it is called over its budget, "
            "in MB, where Postgres sets no limit itself (max_slot_wal_keep_size)",
        ),
    ] = 1024
    log_topic: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9._-]{1,249}$",
            description="Topic of the project's Kafka to which logs are written too, as JSON lines",
        ),
    ] = None
    openlineage: Annotated[
        str | None,
        Field(
            pattern=r"^(https?://\S+|file:\S+|environment)$",
            description="Where OpenLineage events of runs go: the address of a receiver, "
            "`file:PATH` for JSON lines, or `environment` for what OpenLineage's own variables say",
        ),
    ] = None
    opentelemetry: Annotated[
        str | None,
        Field(
            pattern=r"^(https?://\S+|environment)$",
            description="The collector (OTLP over HTTP) to which traces of epochs go, such as "
            "`http://127.0.0.1:4318`, or `environment` for what OpenTelemetry's own variables say",
        ),
    ] = None


class Cdc(_Strict):
    """Change data capture from the project's Postgres: heartbeats, and what slots may hold."""

    wal_budget_mb: Annotated[
        int | None,
        Field(
            ge=1,
            description="WAL that a replication slot may hold, in MB, where Postgres sets no limit "
            "itself (max_slot_wal_keep_size); by default `observe.slot_wal_budget_mb`",
        ),
    ] = None
    over_budget: Annotated[
        Literal["warn", "pause", "drop"],
        Field(
            description="What `tidemill cdc guard` does with a slot over its budget: say so; stop "
            "what reads it; or stop it and drop the slot, which frees the disk and takes all rows "
            "to be read anew"
        ),
    ] = "warn"
    heartbeat_ms: Annotated[
        int,
        Field(
            ge=0,
            description="How often a Debezium connector that `tidemill connector register` makes "
            "has Postgres write a heartbeat, so that an idle table holds no WAL back; 0: never",
        ),
    ] = 10_000


class ProjectFile(_Strict):
    """A Tidemill project: its servers, connections, pipelines and variables."""

    name: Annotated[Name | None, Field(description="By default the folder's name")] = None
    # Defaults are constructed, not validated: validating the first one compiles its whole schema,
    # at each start of each command.
    servers: Annotated[Servers, BeforeValidator(_empty_if_none)] = Servers.model_construct()
    connections: Annotated[
        dict[Name, dict[str, str | int | bool]],
        Field(
            description="External servers by name; `${server:NAME.KEY}` reads their properties. "
            "A connection with the name of a server takes its place."
        ),
    ] = {}
    pipelines: Annotated[list[PipelineItem], Field(description="Pipeline files of Flink SQL")] = []
    variables: Annotated[
        dict[Name, str | int | float | bool], Field(description="Values for `${var:NAME}`")
    ] = {}
    secrets: Annotated[
        Literal["warn", "strict"],
        Field(
            description="What becomes of a secret that is written out in SQL: a warning, or a "
            "refusal before anything runs"
        ),
    ] = "warn"
    personal: Annotated[
        list[Annotated[str, Field(pattern=r"^[\w*]+(\.[\w*]+)*$")]],
        Field(
            description="Columns whose values the console hides, by name (`email`), by path "
            "(`customer.email`) or with `*`; `_key` hides the keys of messages"
        ),
    ] = []
    spark: Annotated[Spark, BeforeValidator(_empty_if_none)] = Spark.model_construct()
    observe: Annotated[Observe, BeforeValidator(_empty_if_none)] = Observe.model_construct()
    cdc: Annotated[Cdc, BeforeValidator(_empty_if_none)] = Cdc.model_construct()
    functions: Annotated[Functions, BeforeValidator(_empty_if_none)] = Functions.model_construct()
