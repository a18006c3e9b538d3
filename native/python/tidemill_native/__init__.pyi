from collections.abc import Mapping, Sequence

__version__: str

class ArrowBatch:
    """A record batch for `pyarrow.record_batch`, by the Arrow PyCapsule interface."""

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...
    def __len__(self) -> int: ...

class JsonDecoder:
    """Decodes JSON objects into the named columns; types are bool int8..int64 float double string."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None: ...
    def decode(self, messages: list[bytes | None]) -> tuple[ArrowBatch, list[int]]:
        """A row a message, and the indexes of rows that the full rules must decide."""

class NativeSlice:
    """What one read took from one partition."""

    topic: str
    partition: int
    batch: ArrowBatch
    unsure: list[tuple[int, bytes | None]]
    next_offset: int
    newest_ms: int
    offsets: list[int]
    timestamps_ms: list[int]
    bytes: int

class KafkaReader:
    """Reads assigned partitions through librdkafka's batch call and decodes on the way."""

    def __init__(
        self, config: Mapping[str, str], fields: Sequence[tuple[str, str]], with_metadata: bool
    ) -> None: ...
    def assign(self, partitions: Sequence[tuple[str, int, int]]) -> None: ...
    def read(
        self, rows_max: int, timeout_ms: int
    ) -> tuple[list[NativeSlice], list[tuple[str, int, int, str]]]: ...
    def close(self) -> None: ...
