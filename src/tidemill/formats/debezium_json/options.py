"""Options of `debezium-json`, under Flink 2.3's names, and one of Tidemill's own."""

from __future__ import annotations

from tidemill.formats.common.change_order import DEDUPLICATE
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
        DEDUPLICATE,
        IGNORE_PARSE_ERRORS,
        TIMESTAMP_FORMAT,
        *ENCODING,
    ),
)
