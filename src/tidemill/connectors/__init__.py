"""Connectors: where rows come from and go to, each under Flink's name and options.

`CONNECTORS` lists them all; looking one up imports its module and its client library, listing the
names does not.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import cast

from tidemill.interfaces.connector import Connector

_MODULES = {
    "kafka": "tidemill.connectors.kafka.connector",
    "upsert-kafka": "tidemill.connectors.upsert_kafka.connector",
    "jdbc": "tidemill.connectors.jdbc.connector",
    "filesystem": "tidemill.connectors.filesystem.connector",
    "datagen": "tidemill.connectors.datagen.connector",
    "print": "tidemill.connectors.print.connector",
    "blackhole": "tidemill.connectors.blackhole.connector",
}


class _LazyConnectors(Mapping[str, Connector]):
    def __getitem__(self, name: str) -> Connector:
        module = importlib.import_module(_MODULES[name])
        return cast(Connector, module.CONNECTOR)

    def __contains__(self, name: object) -> bool:
        return name in _MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


CONNECTORS: Mapping[str, Connector] = _LazyConnectors()
"""All connectors by name; each module exports its connector as `CONNECTOR`."""

__all__ = ["CONNECTORS"]
