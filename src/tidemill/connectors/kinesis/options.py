"""The options of `kinesis`, under Flink's names."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import field

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
from tidemill.model.types import STRING, timestamp_ltz
from tidemill.records import dataclass

_S, _I, _E, _D = OptionType.STRING, OptionType.INT, OptionType.ENUM, OptionType.DURATION
METADATA = {
    "timestamp": timestamp_ltz(3, False),
    "sequence-number": STRING.with_nullable(False),
    "shard-id": STRING.with_nullable(False),
}
_ARN = re.compile(r"arn:aws[\w-]*:kinesis:(?P<region>[\w-]+):\d{12}:stream/(?P<name>[\w.-]{1,128})")
_TUNING = (
    "source.shard.get-records.interval", "sink.batch.max-size", "sink.requests.max-inflight",
    "sink.requests.max-buffered", "sink.flush-buffer.size", "sink.flush-buffer.timeout",
    "sink.fail-on-error", "sink.http-client.max-concurrency", "source.efo.consumer.name",
)  # fmt: skip
OPTIONS = OptionSet(
    "the kinesis connector",
    (
        Option("stream.arn", _S, "The stream, as arn:aws:kinesis:REGION:ACCOUNT:stream/NAME.",
               required=True),
        Option("format", _S, "The format of a record.", required=True),
        Option("aws.region", _S, "The region; by default that of `stream.arn`."),
        Option("aws.endpoint", _S, "Another endpoint than AWS's, as http://host:port."),
        Option(
            "aws.credentials.provider", _E,
            "Where the credentials come from: AUTO (environment, profile, instance), BASIC (the "
            "two options below) or PROFILE.",
            default="AUTO", choices=("AUTO", "BASIC", "PROFILE"),
        ),
        Option("aws.credentials.basic.accesskeyid", _S, "The key's id with BASIC."),
        Option("aws.credentials.basic.secretkey", _S, "The key with BASIC.", secret=True),
        Option("aws.credentials.profile.name", _S, "The profile with PROFILE."),
        Option(
            "source.init.position", _E, "Where reading starts without a stored position.",
            default="LATEST", choices=("LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"),
        ),
        Option("source.init.timestamp", _S,
               "With AT_TIMESTAMP: as 2024-01-31T12:00:00Z, or seconds since 1970."),
        Option(
            "source.shard.discovery.interval", _D, "How often new shards are looked for.",
            default=10_000,
        ),
        Option("source.shard.get-records.max-record-count", _I, "Records per request, at most.",
               default=10_000),
        Option("source.reader.type", _E, "How records are fetched.", default="POLLING",
               choices=("POLLING",)),
        Option(
            "sink.partitioner", _E,
            "The partition key where the table has no PARTITIONED BY: another for each record, or "
            "one for all of a run.",
            default="random", choices=("random", "fixed"),
        ),
        Option("sink.partitioner-field-delimiter", _S,
               "What stands between the columns of a partition key.", default="|"),
        *(Option(key, _S, "Tunes only Flink.", ignored=True) for key in _TUNING),
        *ENGINE_SOURCE_OPTIONS,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KinesisOptions:
    """The parsed options of one table; `value` are the columns in the record."""

    table: TableDescriptor
    stream: str
    region: str
    factory: FormatFactory
    format_options: OptionValues
    start: dt.datetime | None
    values: OptionValues = field(repr=False)

    @property
    def shown(self) -> str:
        """The stream as in messages."""
        return f"kinesis {self.region}/{self.stream}"

    @property
    def value(self) -> Schema:
        """The physical columns."""
        return self.table.schema.physical()

    @property
    def metadata(self) -> tuple[Column, ...]:
        """The columns that the stream itself gives."""
        return self.table.schema.metadata().columns


def parse(table: TableDescriptor, job: JobContext) -> KinesisOptions:
    """The table's options, validated."""
    name = table.options.get("format", "")
    prefix = f"{name}."
    values = OPTIONS.parse(
        {k: v for k, v in table.options.items() if k != "connector" and not k.startswith(prefix)}
        if name
        else {k: v for k, v in table.options.items() if k != "connector"}
    )
    arn = _ARN.fullmatch(values["stream.arn"])
    if arn is None:
        raise _wrong(
            f"option `stream.arn` is `{values['stream.arn']}`",
            "Write it as arn:aws:kinesis:REGION:ACCOUNT:stream/NAME.",
        )
    if name not in job.formats:
        raise _wrong(f"there is no format `{name}`", did_you_mean(name, job.formats))
    factory = job.formats[name]
    given = {k[len(prefix) :]: v for k, v in table.options.items() if k.startswith(prefix)}
    _check_credentials(values)
    for column in table.schema.metadata().columns:
        key = column.metadata_key or column.name
        if key not in METADATA:
            raise _wrong(
                f"kinesis has no metadata `{key}`",
                did_you_mean(key, METADATA) or f"Metadata keys: {', '.join(METADATA)}.",
            )
    return KinesisOptions(
        table, arn["name"], values["aws.region"] or arn["region"], factory,
        factory.options.parse(given), _start(values), values,
    )  # fmt: skip


def _check_credentials(values: OptionValues) -> None:
    if values["aws.credentials.provider"] == "BASIC" and not (
        values["aws.credentials.basic.accesskeyid"] and values["aws.credentials.basic.secretkey"]
    ):
        raise _wrong(
            "'aws.credentials.provider' = 'BASIC' needs a key",
            "Set 'aws.credentials.basic.accesskeyid' and 'aws.credentials.basic.secretkey'.",
        )


def _start(values: OptionValues) -> dt.datetime | None:
    text = values["source.init.timestamp"]
    if (values["source.init.position"] == "AT_TIMESTAMP") != (text is not None):
        raise _wrong(
            "'source.init.timestamp' and 'source.init.position' = 'AT_TIMESTAMP' go together", None
        )
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return dt.datetime.fromtimestamp(float(text), dt.UTC)
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise _wrong(
            f"'source.init.timestamp' is `{text}`", "Write it as 2024-01-31T12:00:00Z."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _wrong(message: str, hint: str | None) -> ProjectError:
    return ProjectError(message, code="connector.bad-option", hint=hint)
