"""The options of `iceberg`, under the names of Iceberg's own connector for Flink."""

from __future__ import annotations

from pathlib import Path

from tidemill.connectors.iceberg.types import check_types
from tidemill.connectors.jdbc.url import Target, parse_url
from tidemill.errors import ProjectError, did_you_mean
from tidemill.interfaces.options import (
    ENGINE_SOURCE_OPTIONS,
    Option,
    OptionSet,
    OptionType,
    OptionValues,
)
from tidemill.model import ColumnKind, TableDescriptor
from tidemill.records import dataclass
from tidemill.stores import is_store_url
from tidemill.stores.options import OPTIONS as STORE_OPTIONS

_S, _B, _D, _L = OptionType.STRING, OptionType.BOOLEAN, OptionType.DURATION, OptionType.LONG

JDBC_CATALOG = "org.apache.iceberg.jdbc.JdbcCatalog"
STRATEGIES = (
    "TABLE_SCAN_THEN_INCREMENTAL",
    "INCREMENTAL_FROM_LATEST_SNAPSHOT",
    "INCREMENTAL_FROM_EARLIEST_SNAPSHOT",
    "INCREMENTAL_FROM_SNAPSHOT_ID",
    "INCREMENTAL_FROM_SNAPSHOT_TIMESTAMP",
)

OPTIONS = OptionSet(
    "the iceberg connector",
    (
        Option("catalog-name", _S, "The name of the catalog.", required=True),
        Option("catalog-type", _S, "Only `jdbc`, which is taken where nothing is said."),
        Option("catalog-impl", _S, f"Only `{JDBC_CATALOG}`."),
        Option("catalog-database", _S, "The table's database (namespace).", default="default"),
        Option("catalog-table", _S, "The table's name in the catalog; by default as declared."),
        Option(
            "uri", _S, "Where the catalog is: `jdbc:postgresql://...` or `jdbc:sqlite:/path`; by "
            "default the project's own Postgres.",
        ),
        Option("jdbc.user", _S, "The user of the catalog's database."),
        Option("jdbc.password", _S, "The user's password.", secret=True),
        Option(
            "warehouse", _S, "The folder or `s3://` address under which new tables are.",
            required=True,
        ),
        Option("streaming", _B, "Whether a source goes on with new snapshots.", default=False),
        Option(
            "monitor-interval", _D, "How often a streaming source looks for new snapshots.",
            default=60_000,
        ),
        Option(
            "starting-strategy", OptionType.ENUM, "Where a streaming source starts.",
            default="INCREMENTAL_FROM_LATEST_SNAPSHOT", choices=STRATEGIES,
        ),
        Option("start-snapshot-id", _L, "The first snapshot, for INCREMENTAL_FROM_SNAPSHOT_ID."),
        Option(
            "start-snapshot-timestamp", _L,
            "Milliseconds since 1970, for INCREMENTAL_FROM_SNAPSHOT_TIMESTAMP.",
        ),
        Option("snapshot-id", _L, "The snapshot that a bounded source reads."),
        Option(
            "as-of-timestamp", _L,
            "A bounded source reads the snapshot of this time, milliseconds since 1970.",
        ),
        Option("write.upsert.enabled", _B, "True is what a PRIMARY KEY means."),
        *STORE_OPTIONS,
        *ENGINE_SOURCE_OPTIONS,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IcebergOptions:
    """The parsed options of one table."""

    table: TableDescriptor
    values: OptionValues
    postgres: Target | None
    """The catalog's database, where it is Postgres."""
    sqlite: Path | None

    @property
    def identifier(self) -> tuple[str, ...]:
        """Database and table in the catalog."""
        return (*self.values["catalog-database"].split("."), self.name)

    @property
    def name(self) -> str:
        """The table's name in the catalog."""
        return str(self.values["catalog-table"] or self.table.name)

    @property
    def shown(self) -> str:
        """The table for people, as in `iceberg lake.db.trips`."""
        return ".".join((f"iceberg {self.values['catalog-name']}", *self.identifier))

    @property
    def identity(self) -> str:
        """Equal for equal tables."""
        catalog = self.postgres.identity if self.postgres else str(self.sqlite)
        return f"{self.shown} in {catalog}"


def parse(table: TableDescriptor) -> IcebergOptions:
    """The table's options, validated against its columns."""
    values = OPTIONS.parse({k: v for k, v in table.options.items() if k != "connector"})
    if values["catalog-type"] not in (None, "jdbc"):
        raise wrong(
            f"catalogs of type `{values['catalog-type']}` are not served",
            f"Write 'catalog-impl' = '{JDBC_CATALOG}', and leave 'catalog-type' out.",
        )
    if values["catalog-impl"] not in (None, JDBC_CATALOG):
        raise wrong(
            f"the catalog `{values['catalog-impl']}` is not served", f"Served is `{JDBC_CATALOG}`."
        )
    postgres, sqlite = _database(values["uri"])
    if "://" in values["warehouse"] and not is_store_url(values["warehouse"]):
        raise wrong(
            f"the warehouse `{values['warehouse']}` is not served", "Write a path or `s3://...`."
        )
    options = IcebergOptions(table, values, postgres, sqlite)
    _check_reading(values)
    _check_columns(table)
    check_types(table)
    if values["write.upsert.enabled"] is not None:
        _check_upsert(table, values["write.upsert.enabled"])
    return options


def _database(uri: str | None) -> tuple[Target | None, Path | None]:
    if uri is None:
        return None, None
    if uri.startswith("jdbc:sqlite:"):
        path = uri.removeprefix("jdbc:sqlite:").removeprefix("file:").partition("?")[0]
        if path in ("", ":memory:"):
            raise wrong("a catalog in SQLite's memory would be gone at once", "Name a file.")
        return None, Path(path).expanduser()
    if uri.startswith("jdbc:postgresql:"):
        return parse_url(uri), None
    raise wrong(
        f"option `uri` names no database for a catalog: `{uri}`",
        "Write `jdbc:postgresql://host:port/database` or `jdbc:sqlite:/path/of/a/file`.",
    )


def _check_reading(values: OptionValues) -> None:
    strategy = values["starting-strategy"]
    needed = {
        "INCREMENTAL_FROM_SNAPSHOT_ID": "start-snapshot-id",
        "INCREMENTAL_FROM_SNAPSHOT_TIMESTAMP": "start-snapshot-timestamp",
    }
    if strategy in needed and values[needed[strategy]] is None:
        raise wrong(f"'starting-strategy' = '{strategy}' needs the option `{needed[strategy]}`")
    for name, key in needed.items():
        if values[key] is not None and strategy != name:
            raise wrong(f"the option `{key}` goes with 'starting-strategy' = '{name}'")
    fixed = [key for key in ("snapshot-id", "as-of-timestamp") if values[key] is not None]
    if values["streaming"] and fixed:
        raise wrong(f"the option `{fixed[0]}` is for a bounded source, not for a streaming one")
    if len(fixed) == 2:
        raise wrong("`snapshot-id` and `as-of-timestamp` cannot be used together")
    if values["monitor-interval"] == 0:
        raise wrong("option `monitor-interval` takes a duration above 0, not `0`")


def _check_columns(table: TableDescriptor) -> None:
    for column in table.schema.columns:
        if column.kind is ColumnKind.METADATA:
            key = column.metadata_key or column.name
            raise wrong(f"the iceberg connector has no metadata `{key}`")
    names = table.schema.names
    for key in table.partition_keys:
        if key not in names:
            raise wrong(
                f"PARTITIONED BY names `{key}`, which is no physical column of `{table.name}`",
                did_you_mean(key, names),
            )


def _check_upsert(table: TableDescriptor, enabled: bool) -> None:
    if enabled and not table.primary_key:
        raise wrong(
            f"'write.upsert.enabled' = 'true' needs a PRIMARY KEY, and `{table.name}` has none",
            "Declare PRIMARY KEY (...) NOT ENFORCED.",
        )
    if not enabled and table.primary_key:
        raise wrong(
            f"'write.upsert.enabled' = 'false' is not served with the PRIMARY KEY of "
            f"`{table.name}`",
            "Rows of one key are replaced; leave the PRIMARY KEY out to keep them all.",
        )


def wrong(message: str, hint: str | None = None) -> ProjectError:
    """The error for an option that cannot be."""
    return ProjectError(message, code="connector.bad-option", hint=hint)
