"""The options of `redis`. Flink has no connector of this name; they follow those of its others."""

from __future__ import annotations

from dataclasses import field
from urllib.parse import urlsplit

from tidemill.connectors.redis.pattern import KeyPattern, checked_pattern, columns_named
from tidemill.connectors.redis.texts import check_column
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
from tidemill.model import Column, Schema, TableDescriptor
from tidemill.records import dataclass

_S, _I, _L, _B, _D, _E = (
    OptionType.STRING, OptionType.INT, OptionType.LONG, OptionType.BOOLEAN,
    OptionType.DURATION, OptionType.ENUM,
)  # fmt: skip

OPTIONS = OptionSet(
    "the redis connector",
    (
        Option(
            "url", _S, "As `redis://host:port/database`, or `rediss://` for TLS.", required=True
        ),
        Option("username", _S, "The user; needs `password` beside it."),
        Option(
            "ssl.ca.pem", _S,
            "The certificate of the authority that signed the server's, as PEM text, with "
            "`rediss://`; by default those of the system.",
        ),
        Option("password", _S, "The password of `username`, or of the default user.", secret=True),
        Option(
            "key", _S, "The key of a row, its columns in braces: `session:{session_id}`.",
            required=True, columns_named=columns_named,
        ),
        Option(
            "mode", _E,
            "What a row becomes: a `hash` with a field per column, a `string` (its one column "
            "beside the key's, or the row in `format`), or an entry of a `stream`.",
            default="hash", choices=("hash", "string", "stream"),
        ),
        Option("format", _S, "The format of the value with 'mode' = 'string', such as json."),
        Option(
            "value.fields-include", _E,
            "Whether the key's columns are also in the value: ALL or EXCEPT_KEY.",
            default="ALL", choices=("ALL", "EXCEPT_KEY"),
        ),
        Option("ttl", _D, "How long a key lives after its last write; by default for ever."),
        Option("stream.max-length", _L, "About how many entries a stream keeps; by default all."),
        Option("connection.timeout", _D, "How long one answer may take.", default=30_000),
        Option(
            "connection.max-retry-timeout", _D, "How long to wait for a connection.",
            default=60_000,
        ),
        Option("sink.max-retries", _I, "Tries after a connection failed.", default=3),
        Option("lookup.max-retries", _I, "Tries after a lookup failed.", default=3),
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
        *ENGINE_SOURCE_OPTIONS,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RedisOptions:
    """The parsed options of one table."""

    table: TableDescriptor
    host: str
    port: int
    database: int
    tls: bool
    key: KeyPattern
    format: FormatFactory | None
    format_options: OptionValues | None
    values: OptionValues = field(repr=False)

    @property
    def mode(self) -> str:
        """`hash`, `string` or `stream`."""
        return str(self.values["mode"])

    @property
    def shown(self) -> str:
        """The server as in messages."""
        return f"redis {self.host}:{self.port}/{self.database}"

    @property
    def fields(self) -> tuple[Column, ...]:
        """The columns that are in the value."""
        columns = self.table.schema.columns
        if self.values["value.fields-include"] == "ALL" and self.mode != "string":
            return columns
        if self.format is not None and self.values["value.fields-include"] == "ALL":
            return columns
        return tuple(c for c in columns if c.name not in self.key.columns)


def parse(table: TableDescriptor, job: JobContext) -> RedisOptions:
    """The table's options, validated against its columns."""
    prefix = f"{table.options.get('format', '')}."
    own = {
        key: value
        for key, value in table.options.items()
        if key != "connector" and not ("format" in table.options and key.startswith(prefix))
    }
    values = OPTIONS.parse(own)
    host, port, database, tls = _address(values["url"])
    if values["ssl.ca.pem"] is not None and not tls:
        raise _wrong("the option `ssl.ca.pem` goes with `rediss://`", "Write 'rediss://host:port'.")
    if values["username"] is not None and values["password"] is None:
        raise _wrong("the option `username` needs `password` beside it")
    for key in ("lookup.max-retries", "sink.max-retries"):
        if values[key] < 0:
            raise _wrong(f"option `{key}` takes a number of at least 0, not `{values[key]}`")
    for key in ("ttl", "stream.max-length"):
        if values[key] is not None and values[key] < 1:
            raise _wrong(f"option `{key}` takes more than 0")
    pattern = checked_pattern(values["key"])
    factory, format_options = _format(table, values, job)
    options = RedisOptions(
        table, host, port, database, tls, pattern, factory, format_options, values
    )  # fmt: skip
    _check_columns(options)
    return options


def _address(url: str) -> tuple[str, int, int, bool]:
    shape = "Write it as `redis://host:port/database`."
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "localhost", parts.port or 6379
        database = int(parts.path.strip("/") or 0)
    except ValueError:
        raise _wrong(f"option `url` is not an address of Redis: `{url}`", shape) from None
    if parts.username or parts.password:
        raise _wrong(
            "the `url` of a redis table may not hold a user or a password",
            "Use the options 'username' and 'password', which are kept out of messages.",
        )
    if parts.scheme not in ("redis", "rediss") or parts.query or parts.fragment:
        raise _wrong(f"option `url` is not an address of Redis: `{url}`", shape)
    return host, port, database, parts.scheme == "rediss"


def _format(
    table: TableDescriptor, values: OptionValues, job: JobContext
) -> tuple[FormatFactory | None, OptionValues | None]:
    name = values["format"]
    if name is None:
        return None, None
    if values["mode"] != "string":
        raise _wrong(
            f"the option `format` goes with 'mode' = 'string', not '{values['mode']}'",
            "A hash or a stream's entry has a field per column; leave `format` out.",
        )
    if name not in job.formats:
        raise _wrong(f"there is no format `{name}`", did_you_mean(name, job.formats))
    factory = job.formats[name]
    if factory.changelog or factory.encoder is None or factory.decoder is None:
        raise _wrong(f"the format `{name}` cannot be a value in Redis", "Use json.")
    prefix = f"{name}."
    given = {k[len(prefix) :]: v for k, v in table.options.items() if k.startswith(prefix)}
    return factory, factory.options.parse(given)


def _check_columns(options: RedisOptions) -> None:
    table, key = options.table, options.key
    names = table.schema.names
    for name in key.columns:
        if name not in names:
            raise _wrong(
                f"the key `{key.text}` names the column `{name}`, which `{table.name}` lacks",
                did_you_mean(name, names) or f"Columns: {', '.join(names)}.",
            )
    if options.format is None:
        for column in table.schema.columns:
            check_column(column, table.name)
    elif options.format.encoder is not None and options.format_options is not None:
        options.format.encoder(Schema(options.fields), options.format_options)
    if options.mode == "string" and options.format is None and len(options.fields) != 1:
        raise _wrong(
            f"a string in Redis holds one column, and `{table.name}` has {len(options.fields)} "
            "beside the key's",
            "Set 'format' = 'json', or use 'mode' = 'hash'.",
        )
    if not options.fields:
        raise _wrong(
            "every column is in the key, and none is left for the value",
            "Leave 'value.fields-include' out, so that the key's columns are in the value too.",
        )
    if options.mode == "stream" and table.primary_key:
        raise _wrong(
            f"a stream only grows, and `{table.name}` has a PRIMARY KEY",
            "Leave the PRIMARY KEY out, or use 'mode' = 'hash'.",
        )
    if options.mode != "stream":
        _check_key(table, key)


def _check_key(table: TableDescriptor, key: KeyPattern) -> None:
    if not key.columns:
        raise _wrong(
            f"the key `{key.text}` names no column, so all rows would be one",
            "Name columns in braces, as in `user:{id}`.",
        )
    missing = [name for name in table.primary_key if name not in key.columns]
    extra = [name for name in key.columns if table.primary_key and name not in table.primary_key]
    if missing:
        raise _wrong(
            f"the key `{key.text}` lacks the column `{missing[0]}` of the PRIMARY KEY",
            "Two rows would share a key: name all columns of the PRIMARY KEY in it.",
        )
    if extra:
        raise _wrong(
            f"the key `{key.text}` names `{extra[0]}`, which is not in the PRIMARY KEY",
            "A change of that column would leave the row's old key behind.",
        )


def _wrong(message: str, hint: str | None = None) -> ProjectError:
    return ProjectError(message, code="connector.bad-option", hint=hint)
