"""Options of `avro`, under Flink 2.3's names."""

from __future__ import annotations

from tidemill.interfaces.options import Option, OptionSet, OptionType

LEGACY = Option(
    "timestamp_mapping.legacy",
    OptionType.BOOLEAN,
    "Whether TIMESTAMP is written as `timestamp-millis`, as Flink did before 1.19, and "
    "TIMESTAMP_LTZ not at all; with false they are `local-timestamp-*` and `timestamp-*`, to "
    "microseconds.",
    default=True,
)
OPTIONS = OptionSet(
    "format `avro`",
    (
        LEGACY,
        Option(
            "encoding", OptionType.ENUM, "How values are written; JSON is not supported here.",
            default="binary", choices=("binary",),
        ),
        Option("codec", OptionType.STRING, "The compression of files, in Flink.", ignored=True),
    ),
)  # fmt: skip
