"""Formats: bytes to Arrow rows and back, each under Flink's name and with Flink's rules.

A format knows no connector. `FORMATS` lists them all; looking one up imports its module, listing
the names does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.registry import LazyRegistry

_MODULES = {
    "json": "tidemill.formats.json.format",
    "debezium-json": "tidemill.formats.debezium_json.format",
    "csv": "tidemill.formats.csv.format",
    "raw": "tidemill.formats.raw",
    "avro": "tidemill.formats.avro.format",
    "avro-confluent": "tidemill.formats.avro_confluent.format",
    "debezium-avro-confluent": "tidemill.formats.debezium_avro_confluent.format",
    "protobuf": "tidemill.formats.protobuf.format",
    "parquet": "tidemill.formats.parquet",
}

FORMATS: Mapping[str, FormatFactory] = LazyRegistry(_MODULES, "FORMAT")
"""All formats by name; each module exports its factory as `FORMAT`."""

__all__ = ["FORMATS"]
