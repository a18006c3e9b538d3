"""Kafka batches to Arrow and back, in Rust. Optional: without it Tidemill uses its Python path.

Both paths give the same rows: whatever the native scanner is not sure about is handed back, message
by message, to the Python decoder; whatever the encoder cannot do, batch by batch.
"""

from tidemill_native._native import (
    INTERFACE,
    ArrowBatch,
    ArrowColumn,
    AvroEncoder,
    AvroReader,
    DebeziumJsonDecoder,
    JsonDecoder,
    JsonEncoder,
    KafkaProducer,
    KafkaReader,
    NativeSlice,
    __version__,
    load_kafka,
)

__all__ = [
    "INTERFACE",
    "ArrowBatch",
    "ArrowColumn",
    "AvroEncoder",
    "AvroReader",
    "DebeziumJsonDecoder",
    "JsonDecoder",
    "JsonEncoder",
    "KafkaProducer",
    "KafkaReader",
    "NativeSlice",
    "__version__",
    "load_kafka",
]
