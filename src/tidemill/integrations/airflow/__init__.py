"""Tidemill in Airflow 3: operators, deferrable sensors, and a watcher for messages of Kafka.

It runs in Airflow's environment, which can never share Tidemill's (pydantic, protobuf and others
are pinned differently), so it imports Airflow and the standard library only, and asks Tidemill
through its command line with `--json`: the same contract that people's scripts use. A process of
its own also means that a killed task takes its work with it, and that a retry goes on from the last
commit. `tidemill up airflow` puts this package where DAGs find it; elsewhere `pip install --no-deps
tidemill` does, with the variable TIDEMILL_COMMAND saying how Tidemill is called.
"""

from __future__ import annotations

from .kafka import kafka_message_watcher
from .operators import TidemillCheck, TidemillDbtBuild, TidemillOperator, TidemillRun
from .sensors import (
    TidemillCheckSensor,
    TidemillFreshnessSensor,
    TidemillLagSensor,
    TidemillWatermarkSensor,
)

__all__ = [
    "TidemillCheck",
    "TidemillCheckSensor",
    "TidemillDbtBuild",
    "TidemillFreshnessSensor",
    "TidemillLagSensor",
    "TidemillOperator",
    "TidemillRun",
    "TidemillWatermarkSensor",
    "kafka_message_watcher",
]
