"""The options of `filesystem`, under Flink's names."""

from __future__ import annotations

import re
from pathlib import Path

from tidemill.connectors.filesystem.paths import local_path
from tidemill.errors import ProjectError, did_you_mean
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.options import (
    ENGINE_SOURCE_OPTIONS,
    Option,
    OptionSet,
    OptionType,
    OptionValues,
)
from tidemill.model import Schema, TableDescriptor
from tidemill.records import dataclass
from tidemill.stores import StoreUrl, is_store_url, parse_url
from tidemill.stores.options import OPTIONS as STORE_OPTIONS

_S, _I, _B, _D, _M = (
    OptionType.STRING, OptionType.INT, OptionType.BOOLEAN, OptionType.DURATION, OptionType.MEMORY,
)  # fmt: skip

OPTIONS = OptionSet(
    "the filesystem connector",
    (
        Option(
            "path", _S, "A folder, a file, or a pattern such as `/data/*.csv`; also `s3://...`.",
            required=True,
        ),
        Option("format", _S, "The format of the files.", required=True),
        Option(
            "partition.default-name", _S, "The folder of rows whose partition value is NULL or ''.",
            default="__HIVE_DEFAULT_PARTITION__",
        ),
        Option("source.monitor-interval", _D, "Look for new files this often, without end."),
        Option("source.path.regex-pattern", _S, "Read only files whose whole path matches."),
        Option("source.report-statistics", _S, "Tunes only Flink.", ignored=True),
        Option(
            "sink.rolling-policy.file-size", _M, "Start another file above this size.",
            default=128 << 20,
        ),
        Option(
            "sink.rolling-policy.rollover-interval", _D,
            "With auto-compaction: how long rows are gathered at most.", default=1_800_000,
        ),
        Option("sink.rolling-policy.check-interval", _D, "Tunes only Flink.", ignored=True),
        Option("sink.rolling-policy.inactivity-interval", _D, "Tunes only Flink.", ignored=True),
        Option(
            "auto-compaction", _B, "Gather epochs, hidden, into larger files.", default=False
        ),
        Option("compaction.file-size", _M, "Size of gathered files; by default the rolling size."),
        Option("compaction.parallelism", _I, "Tunes only Flink.", ignored=True),
        Option("sink.shuffle-by-partition.enable", _B, "Tunes only Flink.", ignored=True),
        Option("sink.partition-commit.trigger", _S, "Only `process-time`.", default="process-time"),
        Option("sink.partition-commit.delay", _D, "Only 0.", default=0),
        Option("sink.partition-commit.policy.kind", _S, "Only `success-file`."),
        Option(
            "sink.partition-commit.success-file.name", _S, "Name of the empty file.",
            default="_SUCCESS",
        ),
        Option("sink.parallelism", _I, "Tunes only Flink.", ignored=True),
        Option("scan.parallelism", _I, "Tunes only Flink.", ignored=True),
        *STORE_OPTIONS,
        *ENGINE_SOURCE_OPTIONS,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileOptions:
    """The parsed options of one table."""

    path: Path
    url: StoreUrl | None
    """Where the path lies in an object store; `path` is its key then."""
    format: FormatFactory
    format_options: OptionValues
    pattern: re.Pattern[str] | None
    values: OptionValues

    @property
    def is_parquet(self) -> bool:
        """Whether files are Parquet rather than lines."""
        return self.format.name == "parquet"

    def encoded_schema(self, table: TableDescriptor) -> Schema:
        """The columns that stand in the files: neither metadata nor partition keys."""
        physical = table.schema.physical().columns
        return Schema(tuple(c for c in physical if c.name not in table.partition_keys))


def parse(table: TableDescriptor, job: JobContext) -> FileOptions:
    """The table's options, validated, those of its format too."""
    name = table.options.get("format", "")
    prefix = f"{name}."
    own = {k: v for k, v in table.options.items() if k != "connector" and not k.startswith(prefix)}
    values = OPTIONS.parse(own)
    factory = job.formats.get(name)
    if factory is None:
        raise ProjectError(
            f"there is no format `{name}`",
            code="connector.bad-option",
            hint=did_you_mean(name, job.formats) or f"Known are {', '.join(sorted(job.formats))}.",
        )
    under = {k[len(prefix) :]: v for k, v in table.options.items() if k.startswith(prefix)}
    _check_values(values)
    _check_partition_keys(table)
    url = parse_url(values["path"]) if is_store_url(values["path"]) else None
    if url is not None:
        _check_store(values)
    return FileOptions(
        local_path(values["path"]) if url is None else Path(url.key),
        url,
        factory,
        factory.options.parse(under),
        _pattern(values["source.path.regex-pattern"]),
        values,
    )


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return None if text is None else re.compile(text)
    except re.error as error:
        raise ProjectError(
            f"option `source.path.regex-pattern` is no regular expression: {error}",
            code="connector.bad-option",
        ) from None


def _check_values(values: OptionValues) -> None:
    if values["source.monitor-interval"] == 0:
        raise ProjectError(
            "option `source.monitor-interval` takes a duration above 0, not `0`",
            code="connector.bad-option",
        )
    marker = values["sink.partition-commit.success-file.name"] or "_SUCCESS"
    if "/" in marker or "\0" in marker or marker in (".", ".."):
        raise ProjectError(
            f"option `sink.partition-commit.success-file.name` = `{marker}` is no file's name",
            code="connector.bad-option",
            hint="The file lies in its partition's folder: give a name without `/`.",
        )
    supported = {
        "sink.partition-commit.trigger": ("process-time",),
        "sink.partition-commit.delay": (0,),
        "sink.partition-commit.policy.kind": (None, "success-file"),
    }
    for key, choices in supported.items():
        if values[key] not in choices:
            raise ProjectError(
                f"option `{key}` = `{values[key]}` is not served by the filesystem connector",
                code="connector.bad-option",
                hint="Partitions are committed with each epoch; a `success-file` may mark them.",
            )


def _check_store(values: OptionValues) -> None:
    if values["auto-compaction"]:
        raise ProjectError(
            "option `auto-compaction` gathers local files only, none in an object store",
            code="connector.bad-option",
            hint="Longer epochs give larger objects: "
            "SET 'execution.checkpointing.interval' = '60 s'.",
        )


def _check_partition_keys(table: TableDescriptor) -> None:
    names = table.schema.physical().names
    for key in table.partition_keys:
        if key not in names:
            raise ProjectError(
                f"PARTITIONED BY names `{key}`, which is no physical column of `{table.name}`",
                code="connector.bad-option",
                hint=did_you_mean(key, names),
            )
    if table.partition_keys and len(table.partition_keys) == len(names):
        raise ProjectError(
            f"all columns of `{table.name}` are partition keys, so its files would have none",
            code="connector.bad-option",
        )
