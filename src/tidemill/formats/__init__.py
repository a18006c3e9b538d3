"""Formats: bytes to Arrow rows and back, each under Flink's name and with Flink's rules.

A format knows no connector. `FORMATS` lists them all; looking one up imports its module, listing
the names does not.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import cast

from tidemill.interfaces.format import FormatFactory

_MODULES = {
    "json": "tidemill.formats.json.format",
    "debezium-json": "tidemill.formats.debezium_json.format",
    "csv": "tidemill.formats.csv.format",
    "raw": "tidemill.formats.raw",
    "parquet": "tidemill.formats.parquet",
}


class _LazyFormats(Mapping[str, FormatFactory]):
    def __getitem__(self, name: str) -> FormatFactory:
        module = importlib.import_module(_MODULES[name])
        return cast(FormatFactory, module.FORMAT)

    def __contains__(self, name: object) -> bool:
        return name in _MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


FORMATS: Mapping[str, FormatFactory] = _LazyFormats()
"""All formats by name; each module exports its factory as `FORMAT`."""

__all__ = ["FORMATS"]
