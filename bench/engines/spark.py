"""Spark 4 Structured Streaming, local, as the program that its documentation shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines.program import PROGRAMS, Program
from bench.job import Job
from tidemill.control.spark_process import SparkCommand, spark_command
from tidemill.services.environments import make_environment
from tidemill.services.install import install


class Spark(Program):
    """Two workers in the driver's process; a bounded run takes what is there and ends."""

    name = "Spark 4 Structured Streaming"
    settings = (
        "local[2], driver 2 GB, 2 shuffle partitions, RocksDB state, 1,000,000 offsets a batch, "
        "linger.ms=5, lz4"
    )

    def install(self) -> None:
        """The product's own environment and jars for Spark."""
        install(["spark"])
        make_environment("spark")

    def command(self, job: Job) -> Sequence[str | Path]:
        """Its Python and our program."""
        return [self._command(job).argv[0], PROGRAMS / "spark.py"]

    def environment(self, job: Job) -> Mapping[str, str]:
        """Where its configuration is."""
        return self._command(job).env

    def _command(self, job: Job) -> SparkCommand:
        properties = {
            "spark.driver.memory": "2g",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.streaming.stateStore.providerClass": (
                "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
            ),
        }
        return spark_command(job.folder / "spark", (), properties=properties)
