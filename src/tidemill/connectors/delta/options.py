"""The options of `delta`, under the names of Delta's own connector for Flink."""

from __future__ import annotations

from tidemill.connectors.delta.types import check_types
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
from tidemill.stores import StoreUrl, parse_url
from tidemill.stores.options import OPTIONS as STORE_OPTIONS
from tidemill.stores.options import parse_options

_S, _L = OptionType.STRING, OptionType.LONG

OPTIONS = OptionSet(
    "the delta connector",
    (
        Option("table-path", _S, "The table's folder, or its `s3://` address.", required=True),
        Option(
            "mode", OptionType.ENUM, "Whether a source ends, or goes on with new versions.",
            default="batch", choices=("batch", "streaming"),
        ),
        Option("versionAsOf", _L, "The version that a bounded source reads."),
        Option("timestampAsOf", _S, "A bounded source reads the version of this time (ISO 8601)."),
        Option(
            "startingVersion", _S,
            "The first version that a streaming source reads, or `latest` for those to come; by "
            "default it reads the whole table and then new versions.",
        ),
        Option(
            "updateCheckIntervalMillis", _L, "How often a streaming source looks for new versions.",
            default=5_000,
        ),
        *STORE_OPTIONS,
        *ENGINE_SOURCE_OPTIONS,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeltaOptions:
    """The parsed options of one table."""

    table: TableDescriptor
    url: StoreUrl
    values: OptionValues

    @property
    def streaming(self) -> bool:
        """Whether a source goes on."""
        return bool(self.values["mode"] == "streaming")

    @property
    def uri(self) -> str:
        """The table's address as delta-rs takes it."""
        return f"/{self.url.key}".rstrip("/") if self.url.scheme == "file" else str(self.url)

    @property
    def shown(self) -> str:
        """The table for people."""
        return f"delta {self.uri}"

    def storage(self) -> dict[str, str] | None:
        """How delta-rs reaches the bucket; None for a folder."""
        if self.url.scheme == "file":
            return None
        reach = parse_options(self.table.options)
        given = {
            "AWS_ENDPOINT_URL": reach.endpoint,
            "AWS_REGION": reach.region or ("us-east-1" if reach.endpoint else None),
            "AWS_ACCESS_KEY_ID": reach.access_key,
            "AWS_SECRET_ACCESS_KEY": reach.secret_key,
            "AWS_SESSION_TOKEN": reach.session_token,
            "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": None if reach.path_style else "true",
            "AWS_ALLOW_HTTP": "true" if (reach.endpoint or "").startswith("http://") else None,
        }
        return {key: value for key, value in given.items() if value is not None}


def parse(table: TableDescriptor) -> DeltaOptions:
    """The table's options, validated against its columns."""
    values = OPTIONS.parse({k: v for k, v in table.options.items() if k != "connector"})
    if any(c in values["table-path"] for c in "*?"):
        raise wrong(f"option `table-path` is one folder, not the pattern `{values['table-path']}`")
    options = DeltaOptions(table, parse_url(values["table-path"].rstrip("/")), values)
    _check_reading(options)
    for column in table.schema.columns:
        if column.kind is ColumnKind.METADATA:
            key = column.metadata_key or column.name
            raise wrong(f"the delta connector has no metadata `{key}`")
    names = table.schema.names
    for key in table.partition_keys:
        if key not in names:
            raise wrong(
                f"PARTITIONED BY names `{key}`, which is no physical column of `{table.name}`",
                did_you_mean(key, names),
            )
    if table.partition_keys and len(table.partition_keys) == len(names):
        raise wrong(f"all columns of `{table.name}` are partition keys, so its files have none")
    check_types(table)
    return options


def _check_reading(options: DeltaOptions) -> None:
    values = options.values
    fixed = [key for key in ("versionAsOf", "timestampAsOf") if values[key] is not None]
    if options.streaming and fixed:
        raise wrong(f"the option `{fixed[0]}` is for 'mode' = 'batch', not for 'streaming'")
    if len(fixed) == 2:
        raise wrong("`versionAsOf` and `timestampAsOf` cannot be used together")
    start = values["startingVersion"]
    if start is not None and not options.streaming:
        raise wrong("the option `startingVersion` goes with 'mode' = 'streaming'")
    if start is not None and start.lower() != "latest" and not start.isdecimal():
        raise wrong(f"option `startingVersion` takes a number or `latest`, not `{start}`")
    if values["updateCheckIntervalMillis"] < 1:
        raise wrong("option `updateCheckIntervalMillis` takes a number above 0")


def wrong(message: str, hint: str | None = None) -> ProjectError:
    """The error for an option that cannot be."""
    return ProjectError(message, code="connector.bad-option", hint=hint)
