from collections.abc import Mapping, Sequence

__version__: str
INTERFACE: int
"""Another number means that other things are called: such a crate is not used."""

class ArrowBatch:
    """A record batch for `pyarrow.record_batch`, by the Arrow PyCapsule interface."""

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...
    def __len__(self) -> int: ...

class ArrowColumn:
    """A column for `pyarrow.array`, by the Arrow PyCapsule interface."""

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

AvroSpec = tuple[str, list[tuple[str, "AvroSpec"]], list[str], int]

class AvroReader:
    """Reads Avro records of fields `(name, spec, wanted)`.

    A spec is a kind, its parts with their names, an enum's symbols, and a number: the size of a
    fixed value, or which branch of a union is not null.
    """

    def __init__(self, fields: Sequence[tuple[str, AvroSpec, bool]]) -> None: ...
    def read(self, messages: list[bytes]) -> tuple[ArrowBatch, list[int]]:
        """The wanted fields as raw columns, and the messages that the full rules must decide."""
    def read_column(
        self, messages: object, skip: int, prefix: bytes
    ) -> tuple[ArrowBatch, list[int]]:
        """As `read`, of a column; the record is behind so many bytes and the prefix."""

WriteSpec = tuple[str, bool, list["WriteSpec"]]
Around = tuple[bytes, bytes]

class AvroEncoder:
    """Encodes rows as Avro records of fields `(kind, nullable, parts)`.

    The kind is `plain`, or `millis` for a timestamp that is cut to milliseconds.
    """

    def __init__(self, fields: Sequence[WriteSpec]) -> None: ...
    def encode(
        self,
        rows: object,
        kinds: object | None = None,
        added: Around = ...,
        withdrawn: Around = ...,
    ) -> ArrowColumn | None:
        """One record a row, as `JsonEncoder`."""

class DebeziumJsonDecoder:
    """Decodes Debezium's change events; `fields` as `JsonDecoder`, of the images.

    `schema_include`: the event is under `payload`. `places`: tell where each stands in the log.
    """

    def __init__(self, fields: Sequence[FieldSpec], schema_include: bool, places: bool) -> None: ...
    def decode(
        self, messages: list[bytes | None]
    ) -> tuple[ArrowBatch, ArrowColumn, ArrowColumn, list[int], int, ArrowBatch | None]:
        """Rows, kinds, messages, unsure messages, tombstones, places.

        In turn: the rows; the kind and the message's index of each; the indexes of the messages
        that the full rules must decide; how many mean nothing; and of each message its history,
        commit, change, timestamp_ms, operation and snapshot, NULLs where it tells no place.
        """
    def decode_column(
        self, messages: object
    ) -> tuple[ArrowBatch, ArrowColumn, ArrowColumn, list[int], int, ArrowBatch | None]:
        """As `decode`, of a column of messages."""

class JsonEncoder:
    """Encodes rows as JSON objects, by the rules of `formats/json`."""

    def __init__(self, iso: bool, plain_decimals: bool, ignore_nulls: bool) -> None: ...
    def encode(
        self,
        rows: object,
        kinds: object | None = None,
        added: Around = ...,
        withdrawn: Around = ...,
    ) -> ArrowColumn | None:
        """One message a row of a record batch; None where the Python encoder must decide.

        Each object stands between the two texts of `added`; where its kind is -U or -D, between
        those of `withdrawn`.
        """

def load_kafka(file: str) -> str:
    """Find librdkafka behind a library that the process has loaded, and return its version.

    Before this no producer and no reader can be made. RuntimeError says why there is none.
    """

Problem = tuple[int, str, bool, bool, bool]

class KafkaProducer:
    """A producer that takes columns of messages; each call says what was wrong, if anything.

    A `Problem` is librdkafka's code and text, and whether it is fatal, can be tried again, asks for
    the transaction to be aborted.
    """

    def __init__(self, config: Mapping[str, str]) -> None: ...
    def produce(
        self,
        topic: str,
        values: object,
        keys: object | None,
        first: int,
        partition: int,
        numbered: tuple[str, bytes, int] | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> tuple[int, Problem | None]:
        """Hand the messages from `first` on over; how many, fewer where the producer is full.

        `numbered`: a header of each message: its name, and a prefix before a rising number.
        """
    def produce_one(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        timestamp_ms: int,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> Problem | None: ...
    def waiting(self) -> int: ...
    def poll(self, timeout_ms: int) -> Problem | None: ...
    def flush(self, timeout_ms: int) -> Problem | None: ...
    def failures(self) -> list[tuple[int, str]]:
        """Code and text of each delivery that failed since the last call."""
    def purge(self, blocking: bool) -> None: ...
    def init_transactions(self, timeout_ms: int) -> Problem | None: ...
    def begin_transaction(self) -> Problem | None: ...
    def commit_transaction(self, timeout_ms: int) -> Problem | None: ...
    def abort_transaction(self, timeout_ms: int) -> Problem | None: ...
    def send_offsets_to_transaction(
        self, offsets: Sequence[tuple[str, int, int, str]], group: str, timeout_ms: int
    ) -> Problem | None: ...
    def close(self) -> None: ...

class NativeSlice:
    """What one read took from one partition.

    `batch` holds the rows, and `unsure` the messages that the full rules must decide: row, value,
    key, offset, timestamp. Of a reader without fields, `batch` holds the messages: value, key,
    offset, timestamp_ms.
    """

    topic: str
    partition: int
    batch: ArrowBatch
    unsure: list[tuple[int, bytes | None, bytes | None, int, int]]
    next_offset: int
    newest_ms: int

class KafkaReader:
    """Reads assigned partitions through librdkafka's batch call and decodes JSON on the way.

    Without fields it hands the messages on as they came, in columns.
    """

    def __init__(self, config: Mapping[str, str], fields: Sequence[FieldSpec] | None) -> None: ...
    def assign(self, partitions: Sequence[tuple[str, int, int, int]]) -> None:
        """Read these too: topic, partition, first offset, and the end (-1: none)."""
    def unassign(self, partitions: Sequence[tuple[str, int]]) -> None:
        """Read these no more; each was assigned."""
    def read(
        self, rows_max: int, timeout_ms: int
    ) -> tuple[list[NativeSlice], list[tuple[str, int, int, str, int]], list[tuple[int, str]]]:
        """Slices; errors or ends: topic, partition, code, text, offset; reports: code, text.

        A report is what the client says of the cluster, such as that no broker answers.
        """
    def end_offset(self, topic: str, partition: int) -> int:
        """The newest end that the broker told, or -1."""
    def close(self) -> None: ...
