"""The native crate's Kafka clients, which call the librdkafka that confluent-kafka brings.

The crate holds no librdkafka: it finds the functions in what confluent-kafka's extension module is
linked to. So there is one in the process, with the same properties, logins and certificates on both
paths.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from confluent_kafka import cimpl

from tidemill.interfaces.native import library
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Librdkafka:
    """What the crate found: a version, or why there is none for it."""

    version: str | None
    why_not: str = ""


def kafka_crate() -> Any | None:
    """The crate, or None where it is not there or found no librdkafka: the Python path serves."""
    crate = library()
    return crate if crate is not None and librdkafka(crate).version is not None else None


@cache
def librdkafka(crate: Any) -> Librdkafka:
    """What the crate has of librdkafka; looked for once."""
    try:
        return Librdkafka(crate.load_kafka(cimpl.__file__))
    except RuntimeError as error:
        return Librdkafka(None, str(error))
