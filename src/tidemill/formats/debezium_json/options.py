"""Options of `debezium-json`, under Flink 2.3's names, and one of Tidemill's own."""

from __future__ import annotations

from tidemill.formats.json.options import ENCODING, IGNORE_PARSE_ERRORS, TIMESTAMP_FORMAT
from tidemill.interfaces.options import Option, OptionSet, OptionType

OPTIONS = OptionSet(
    "format `debezium-json`",
    (
        Option(
            "schema-include",
            OptionType.BOOLEAN,
            "Whether messages carry their schema (`value.converter.schemas.enable=true` in Kafka "
            "Connect), so that the event is under `payload`.",
            default=False,
        ),
        Option(
            "deduplicate",
            OptionType.BOOLEAN,
            "Drop events that Debezium sends a second time after a restart (Tidemill's own; needs "
            "a connector that writes `source.lsn`, as the one for Postgres does).",
            default=True,
        ),
        IGNORE_PARSE_ERRORS,
        TIMESTAMP_FORMAT,
        *ENCODING,
    ),
)
