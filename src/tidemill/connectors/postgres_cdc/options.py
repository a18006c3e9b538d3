"""The options of `postgres-cdc`, under Flink CDC's names."""

from __future__ import annotations

import re
from dataclasses import field, replace

from tidemill.connectors.jdbc.connection import Login
from tidemill.connectors.jdbc.options import JdbcOptions
from tidemill.connectors.jdbc.target import check_types
from tidemill.connectors.jdbc.url import Target
from tidemill.errors import ProjectError, did_you_mean
from tidemill.interfaces.options import (
    ENGINE_SOURCE_OPTIONS,
    Option,
    OptionSet,
    OptionType,
    OptionValues,
)
from tidemill.interfaces.schema_change import BEHAVIOR
from tidemill.model import DataType, TableDescriptor, TypeRoot
from tidemill.model.types import STRING
from tidemill.records import dataclass

_S, _I, _B, _D, _E = (
    OptionType.STRING, OptionType.INT, OptionType.BOOLEAN, OptionType.DURATION, OptionType.ENUM,
)  # fmt: skip
_SLOT = re.compile(r"[a-z0-9_]{1,63}")
_TUNES = "Tunes only Flink."

METADATA: dict[str, DataType] = {
    "table_name": STRING.with_nullable(False),
    "schema_name": STRING.with_nullable(False),
    "database_name": STRING.with_nullable(False),
    "op_ts": DataType(TypeRoot.TIMESTAMP_LTZ, nullable=False, precision=3),
    "row_kind": STRING.with_nullable(False),
}
"""Metadata columns; `op_ts` is when the change was committed, 1970-01-01 for rows of a snapshot."""

OPTIONS = OptionSet(
    "the postgres-cdc connector",
    (
        Option("hostname", _S, "The host of the Postgres server.", required=True),
        Option("port", _I, "Its port.", default=5432),
        Option("username", _S, "A user with the right REPLICATION.", required=True),
        Option("password", _S, "Its password.", required=True, secret=True),
        Option("database-name", _S, "The database.", required=True),
        Option("schema-name", _S, "The schema, in its exact case; no pattern.", required=True),
        Option("table-name", _S, "The table, in its exact case; no pattern.", required=True),
        Option(
            "slot.name", _S,
            "The replication slot, of this table alone; made where it is missing.", required=True,
        ),
        Option(
            "decoding.plugin.name", _E, "The server's decoding plug-in.", default="pgoutput",
            choices=("pgoutput",),
        ),
        Option(
            "changelog-mode", _E,
            "`all`: updates with the row before, which takes REPLICA IDENTITY FULL; `upsert`: the "
            "row after alone, by the primary key.",
            default="all", choices=("all", "upsert"),
        ),
        Option(
            "scan.startup.mode", _E,
            "`initial`: all rows, then changes; `latest-offset`: changes from now on; "
            "`committed-offset`: changes from where the slot stands; `snapshot`: all rows, then "
            "the end.",
            default="initial",
            choices=("initial", "latest-offset", "committed-offset", "snapshot"),
        ),
        Option(
            "scan.lsn-commit.checkpoints-num-delay", _I,
            "How many epochs later than its commit a place in the log is confirmed to the slot.",
            default=3,
        ),
        Option(
            "heartbeat.interval.ms", _D,
            "How often the slot moves on while other tables are written and this one is not; also "
            "how often slot and publication are looked at.",
            default=30_000,
        ),
        BEHAVIOR,
        Option("connect.timeout", _D, "How long to wait for a connection.", default=30_000),
        Option("connect.max-retries", _I, "Tries after a connection failed.", default=3),
        Option(
            "debezium.publication.name", _S,
            "The publication; made where it is missing. By default the slot's name.",
        ),
        Option("debezium.database.sslmode", _S, "How TLS is used, as in libpq: `verify-full` ..."),
        Option("debezium.database.sslrootcert", _S, "The file of the certificate authority."),
        *(
            Option(key, type_, _TUNES, ignored=True)
            for key, type_ in (
                ("scan.incremental.snapshot.enabled", _B),
                ("scan.incremental.snapshot.chunk.size", _I),
                ("scan.incremental.snapshot.unbounded-chunk-first.enabled", _B),
                ("scan.incremental.close-idle-reader.enabled", _B),
                ("scan.include-partitioned-tables.enabled", _B),
                ("scan.snapshot.fetch.size", _I),
                ("chunk-meta.group.size", _I),
                ("connect.pool.size", _I),
            )
        ),
        *ENGINE_SOURCE_OPTIONS,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CdcOptions:
    """The parsed options of one table."""

    table: TableDescriptor
    """With its physical columns only."""
    source: JdbcOptions
    """The table as the jdbc connector names it."""
    login: Login
    slot: str
    publication: str
    mode: str
    upsert: bool
    values: OptionValues = field(repr=False)

    @property
    def replication(self) -> Login:
        """The login of a connection that speaks the replication protocol."""
        return replace(self.login, conninfo=(*self.login.conninfo, ("replication", "database")))

    @property
    def shown(self) -> str:
        """Server and database, as in messages."""
        return self.login.shown


def parse(table: TableDescriptor) -> CdcOptions:
    """The table's options, validated."""
    values = OPTIONS.parse({k: v for k, v in table.options.items() if k != "connector"})
    if not _SLOT.fullmatch(values["slot.name"]):
        raise ProjectError(
            f"option `slot.name` takes lower-case letters, digits and `_`, at most 63, not "
            f"`{values['slot.name']}`",
            code="connector.bad-option",
        )
    for key, least in (
        ("port", 1), ("connect.max-retries", 0), ("scan.lsn-commit.checkpoints-num-delay", 0),
        ("heartbeat.interval.ms", 1),
    ):  # fmt: skip
        if values[key] < least:
            raise ProjectError(
                f"option `{key}` takes a number of at least {least}, not `{values[key]}`",
                code="connector.bad-option",
            )
    upsert = values["changelog-mode"] == "upsert"
    if upsert and not table.primary_key:
        raise ProjectError(
            f"table `{table.name}` has the changelog mode `upsert` and no PRIMARY KEY",
            code="connector.bad-option",
            hint="Declare PRIMARY KEY (...) NOT ENFORCED.",
        )
    physical = replace(table, schema=table.schema.physical())
    check_types(physical)
    target = Target(values["hostname"], values["port"], values["database-name"])
    return CdcOptions(
        physical,
        JdbcOptions(
            target, values["schema-name"], values["table-name"], values["username"],
            values["password"], None, values,
        ),
        _login(target, values),
        values["slot.name"],
        values["debezium.publication.name"] or values["slot.name"],
        values["scan.startup.mode"],
        upsert,
        values,
    )  # fmt: skip


def check_metadata(table: TableDescriptor) -> None:
    """Raise ProjectError for a metadata column that the connector does not offer."""
    for column in table.schema.metadata().columns:
        key = column.metadata_key or column.name
        if key not in METADATA:
            raise ProjectError(
                f"the postgres-cdc connector offers no metadata `{key}`",
                code="connector.bad-option",
                hint=did_you_mean(key, METADATA) or f"It offers: {', '.join(METADATA)}.",
            )


def _login(target: Target, values: OptionValues) -> Login:
    parts = {
        "host": target.host, "port": str(target.port), "dbname": target.database or "",
        "user": values["username"],
    }  # fmt: skip
    for name in ("sslmode", "sslrootcert"):
        if values[f"debezium.database.{name}"]:
            parts[name] = values[f"debezium.database.{name}"]
    return Login(
        tuple(parts.items()),
        values["password"],
        None,
        f"postgres {target}",
        values["connect.max-retries"],
        values["connect.timeout"],
    )
