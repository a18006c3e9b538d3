"""The options of `jdbc`, under Flink's names; `sink.create-table` is ours."""

from __future__ import annotations

from dataclasses import field

from tidemill.connectors.jdbc.url import Target, parse_url
from tidemill.errors import ProjectError
from tidemill.interfaces.options import (
    ENGINE_SOURCE_OPTIONS,
    Option,
    OptionSet,
    OptionType,
    OptionValues,
)
from tidemill.model import TableDescriptor
from tidemill.records import dataclass

_S, _I, _L, _B, _D, _E = (
    OptionType.STRING, OptionType.INT, OptionType.LONG, OptionType.BOOLEAN,
    OptionType.DURATION, OptionType.ENUM,
)  # fmt: skip

OPTIONS = OptionSet(
    "the jdbc connector",
    (
        Option("url", _S, "As `jdbc:postgresql://host:port/database`.", required=True),
        Option(
            "table-name", _S, "The table, as `table` or `schema.table`; `\"a.b\"` is one name.",
            required=True,
        ),
        Option("driver", _S, "Needed only by Flink.", ignored=True),
        Option("compatible-mode", _S, "Needed only by Flink.", ignored=True),
        Option("username", _S, "The user; needs `password` beside it."),
        Option("password", _S, "The password of `username`.", secret=True),
        Option(
            "connection.max-retry-timeout", _D, "How long to wait for a connection.",
            default=60_000,
        ),
        Option("scan.partition.column", _S, "The numeric column that splits the scan."),
        Option("scan.partition.num", _I, "The number of partitions of the scan."),
        Option("scan.partition.lower-bound", _L, "The smallest value of the first partition."),
        Option("scan.partition.upper-bound", _L, "The largest value of the last partition."),
        Option(
            "scan.fetch-size", _I,
            "Rows per read, at most (0: as the engine asks); rows always come as a stream.",
            default=0,
        ),
        Option(
            "scan.auto-commit", _B, "Needed only by Flink: the scan is one snapshot either way.",
            default=True, ignored=True,
        ),
        Option(
            "lookup.cache", _E, "Whether looked-up rows are kept.", default="NONE",
            choices=("NONE", "PARTIAL"),
        ),
        Option("lookup.partial-cache.max-rows", _L, "Rows kept, at most."),
        Option("lookup.partial-cache.expire-after-write", _D, "How long a row is kept."),
        Option("lookup.partial-cache.expire-after-access", _D, "How long an unused row is kept."),
        Option(
            "lookup.partial-cache.cache-missing-key", _B,
            "Whether it is kept that a key has no row.", default=True,
        ),
        Option("lookup.cache.max-rows", _L, "The older name of `...partial-cache.max-rows`."),
        Option("lookup.cache.ttl", _D, "The older name of `...expire-after-write`."),
        Option("lookup.max-retries", _I, "Tries after a lookup failed.", default=3),
        Option(
            "sink.buffer-flush.max-rows", _I, "Tunes only Flink: rows go out with their epoch.",
            default=100, ignored=True,
        ),
        Option(
            "sink.buffer-flush.interval", _D, "Tunes only Flink: rows go out with their epoch.",
            default=1000, ignored=True,
        ),
        Option("sink.max-retries", _I, "Tries after a connection failed.", default=3),
        Option("sink.parallelism", _I, "Tunes only Flink.", ignored=True),
        Option("scan.parallelism", _I, "Tunes only Flink.", ignored=True),
        Option(
            "sink.create-table", _B,
            "Whether a missing table is created from the declared columns (Tidemill only).",
            default=False,
        ),
        *ENGINE_SOURCE_OPTIONS,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScanPartitions:
    """How a scan is split; the column's values outside the bounds are not read, as in Flink."""

    column: str
    bounds: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class JdbcOptions:
    """The parsed options of one table."""

    target: Target
    schema_name: str | None
    table_name: str
    user: str | None
    password: str | None = field(repr=False)
    partitions: ScanPartitions | None
    values: OptionValues = field(repr=False)

    @property
    def shown_table(self) -> str:
        """The table's name as in messages."""
        return f"{self.schema_name}.{self.table_name}" if self.schema_name else self.table_name


def parse(table: TableDescriptor) -> JdbcOptions:
    """The table's options, validated."""
    values = OPTIONS.parse({k: v for k, v in table.options.items() if k != "connector"})
    if (values["username"] is None) != (values["password"] is None):
        raise ProjectError(
            "the options `username` and `password` go together, and only one is set",
            code="connector.bad-option",
        )
    for key in ("scan.fetch-size", "lookup.max-retries", "sink.max-retries"):
        if values[key] < 0:
            raise ProjectError(
                f"option `{key}` takes a number of at least 0, not `{values[key]}`",
                code="connector.bad-option",
            )
    schema_name, table_name = split_name(values["table-name"])
    return JdbcOptions(
        parse_url(values["url"]),
        schema_name,
        table_name,
        values["username"],
        values["password"],
        _partitions(values),
        values,
    )


def split_name(text: str) -> tuple[str | None, str]:
    """Schema and table of `table`, `schema.table`, `"a.b"` or `schema."a.b"`."""
    parts: list[str] = []
    rest = text.strip()
    while rest:
        if rest.startswith('"'):
            end = rest.find('"', 1)
            while end >= 0 and rest[end + 1 : end + 2] == '"':
                end = rest.find('"', end + 2)
            parts.append(rest[1:end].replace('""', '"') if end > 0 else "")
            rest = rest[end + 1 :] if end > 0 else ""
        else:
            head, _, _ = rest.partition(".")
            parts.append(head)
            rest = rest[len(head) :]
        if rest and not rest.startswith("."):
            parts.append("")
            break
        if rest == ".":
            parts.append("")
        rest = rest[1:]
    if not 1 <= len(parts) <= 2 or not all(parts):
        raise ProjectError(
            f"option `table-name` takes `table` or `schema.table`, not `{text}`",
            code="connector.bad-option",
            hint='A name with a dot in it is written in double quotes, as in `public."a.b"`.',
        )
    return (None, parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def _partitions(values: OptionValues) -> ScanPartitions | None:
    names = [f"scan.partition.{n}" for n in ("column", "num", "lower-bound", "upper-bound")]
    column, number, low, high = (values[name] for name in names)
    missing = [name for name in names if values[name] is None]
    if len(missing) == len(names):
        return None
    if missing:
        raise ProjectError(
            f"the options `scan.partition.*` go together, and `{missing[0]}` is missing",
            code="connector.bad-option",
        )
    if number < 1 or low > high:
        raise ProjectError(
            f"the scan cannot be split into {number} partitions from {low} to {high}",
            code="connector.bad-option",
        )
    return ScanPartitions(column, split_range(low, high, number))


def split_range(low: int, high: int, number: int) -> tuple[tuple[int, int], ...]:
    """Neighbouring ranges, the larger ones first, their ends included; as Flink splits."""
    number = min(number, high - low + 1)
    size, larger = divmod(high - low + 1, number)
    ranges, start = [], low
    for index in range(number):
        end = start + size - (0 if index < larger else 1)
        ranges.append((start, end))
        start = end + 1
    return tuple(ranges)
