from collections.abc import Mapping, Sequence

__version__: str

class ArrowBatch:
    """A record batch for `pyarrow.record_batch`, by the Arrow PyCapsule interface."""

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...
    def __len__(self) -> int: ...

FieldSpec = tuple[str, str, bool, list["FieldSpec"]]

class JsonDecoder:
    """Decodes JSON objects into columns `(name, type, required, parts)`.

    Types are bool, int8, int16, int32, int64, float, double, string, date, `decimal:P:S`,
    `timestamp:us|ns:sql|iso[:utc]`, and of parts row, list and map (key and value).
    """

    def __init__(self, fields: Sequence[FieldSpec]) -> None: ...
    def decode(self, messages: list[bytes | None]) -> tuple[ArrowBatch, list[int]]:
        """A row a message, and the indexes of rows that the full rules must decide."""

class NativeSlice:
    """What one read took from one partition.

    `unsure` are the messages that the full rules must decide: row, value, key, offset, timestamp.
    """

    topic: str
    partition: int
    batch: ArrowBatch
    unsure: list[tuple[int, bytes | None, bytes | None, int, int]]
    next_offset: int
    newest_ms: int

class KafkaReader:
    """Reads assigned partitions through librdkafka's batch call and decodes on the way."""

    def __init__(self, config: Mapping[str, str], fields: Sequence[FieldSpec]) -> None: ...
    def assign(self, partitions: Sequence[tuple[str, int, int, int]]) -> None:
        """Read these too: topic, partition, first offset, and the end (-1: none)."""
    def unassign(self, partitions: Sequence[tuple[str, int]]) -> None:
        """Read these no more; each was assigned."""
    def read(
        self, rows_max: int, timeout_ms: int
    ) -> tuple[list[NativeSlice], list[tuple[str, int, int, str, int]]]:
        """Slices, and errors or ends: topic, partition, code, text, offset."""
    def end_offset(self, topic: str, partition: int) -> int:
        """The newest end that the broker told, or -1."""
    def close(self) -> None: ...
