"""PyFlink 2.3 DataStream with Python functions, as courses write it, in a cluster of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines.program import PROGRAMS, Program
from bench.job import Job
from tidemill.services.environments import environment_python, make_environment
from tidemill.services.install import class_path, install
from tidemill.services.java import find_java


class PyFlinkDataStream(Program):
    """Parallelism 1, Python in a process beside Java; a bounded job ends by itself."""

    name = "PyFlink 2.3 DataStream"
    settings = "parallelism 1, process mode, object reuse, linger.ms=5, lz4, no checkpoints"
    cannot: Mapping[str, str] = {
        "T6": "from Python, its Kafka sink gives a record no key but the whole value"
    }
    exactly_once = True
    knows_end = True

    def install(self) -> None:
        """The product's own environment for PyFlink, and the Kafka connector's jar."""
        install(["flink"])
        make_environment("flink")

    def command(self, job: Job) -> Sequence[str | Path]:
        """Its Python and our program."""
        del job
        return [environment_python("flink"), PROGRAMS / "pyflink_.py"]

    def environment(self, job: Job) -> Mapping[str, str]:
        """Its Java and the jars."""
        del job
        jars = [str(jar) for jar in class_path("flink") if "connector-kafka" in jar.name]
        java = str(find_java().parents[1])
        return {**os.environ, "JAVA_HOME": java, "BENCH_JARS": ":".join(jars), "TZ": "UTC"}
