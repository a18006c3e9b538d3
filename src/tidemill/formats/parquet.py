"""The format `parquet`: its options only.

Parquet files hold many rows and cannot be cut into messages, so there is neither a decoder nor an
encoder: the filesystem connector reads and writes them itself, by these options.
"""

from __future__ import annotations

from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.options import Option, OptionSet, OptionType

OPTIONS = OptionSet(
    "the parquet format",
    (
        Option(
            "compression",
            OptionType.ENUM,
            "How written files are compressed.",
            default="SNAPPY",
            choices=("SNAPPY", "ZSTD", "GZIP", "LZ4", "BROTLI", "UNCOMPRESSED"),
        ),
        Option(
            "block.size", OptionType.MEMORY, "Size of a row group, in memory.", default=128 << 20
        ),
        Option(
            "utc-timezone",
            OptionType.BOOLEAN,
            "Only `true` matters here: times are read and written as they are, in UTC.",
            default=False,
            ignored=True,
        ),
        Option("timestamp.time.unit", OptionType.STRING, "Needed only by Flink.", ignored=True),
        Option("write.int64.timestamp", OptionType.BOOLEAN, "Needed only by Flink.", ignored=True),
        Option("batch-size", OptionType.INT, "Tunes only Flink.", ignored=True),
        Option("page.size", OptionType.MEMORY, "Tunes only Flink.", ignored=True),
        Option("dictionary.page.size", OptionType.MEMORY, "Tunes only Flink.", ignored=True),
        Option("enable.dictionary", OptionType.BOOLEAN, "Tunes only Flink.", ignored=True),
        Option("writer.version", OptionType.STRING, "Tunes only Flink.", ignored=True),
    ),
)

FORMAT = FormatFactory("parquet", OPTIONS, changelog=False)
"""The format `parquet`; only the filesystem connector can use it."""
