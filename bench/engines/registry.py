"""All engines, by the name that the command takes; a peer's file is loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from bench.engines import BenchEngine
from bench.engines.flink import TASKMANAGER_HEAP_MB, FlinkSql
from bench.engines.tidemill import Tidemill, TidemillMarked, TidemillRare


def _peer(module: str, name: str) -> Callable[[int], BenchEngine]:
    def make(_heap_mb: int) -> BenchEngine:
        engine: BenchEngine = getattr(importlib.import_module(f"bench.engines.{module}"), name)()
        return engine

    return make


ENGINES: dict[str, Callable[[int], BenchEngine]] = {
    "tidemill": lambda _heap_mb: Tidemill(),
    "tidemill-marked": lambda _heap_mb: TidemillMarked(),
    "tidemill-rare": lambda _heap_mb: TidemillRare(),
    "flink-1": lambda heap_mb: FlinkSql(1, heap_mb),
    "flink-2": lambda heap_mb: FlinkSql(2, heap_mb),
    "pyflink": _peer("pyflink", "PyFlinkDataStream"),
    "spark": _peer("spark", "Spark"),
    "kafka-streams": _peer("kafka_streams", "KafkaStreams"),
    "quix": _peer("quix", "Quix"),
    "bytewax": _peer("bytewax", "Bytewax"),
    "pathway": _peer("pathway", "Pathway"),
    "sqlflow": _peer("sqlflow", "SqlFlow"),
    "floor": _peer("floor", "Floor"),
}
VARIANTS = ("tidemill-marked", "tidemill-rare")
"""Tidemill with another setting, for questions of their own; not of `all`."""
DEFAULT = ("tidemill", "flink-1", "flink-2")


def chosen(text: str, heap_mb: int = TASKMANAGER_HEAP_MB) -> list[BenchEngine]:
    """Engines by their names, separated by commas; `all` stands for all but variants."""
    every = [name for name in ENGINES if name not in VARIANTS]
    names = every if text == "all" else text.split(",")
    if unknown := [name for name in names if name not in ENGINES]:
        raise SystemExit(f"there is no engine {unknown[0]}; there are: all, {', '.join(ENGINES)}")
    return [ENGINES[name](heap_mb) for name in names]
