"""Kafka Streams 4.3: a Java program of ours, compiled on demand by a compiler that needs no JDK."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.engines import RunFailedError
from bench.engines.process import say
from bench.engines.program import PROGRAMS, Program
from bench.environments import jars
from bench.job import Job
from tidemill.services.cache import make_cache_folder
from tidemill.services.java import find_java

MAIN = "KafkaStreamsTasks"


class KafkaStreams(Program):
    """Two threads; its output is watched, for it knows no end of its input."""

    name = "Kafka Streams 4.3"
    settings = (
        "2 threads, heap 1 GB, RocksDB, linger.ms=5, lz4, commits each 1 s (exactly once 0.1)"
    )
    exactly_once = True
    ends = False

    def __init__(self) -> None:
        self._class_path = ""

    def install(self) -> None:
        """Fetch its jars and compile the program; raises RunFailedError where that fails."""
        found = jars("kafka-streams", say)
        classes = make_cache_folder() / "bench-kafka-streams"
        libraries = ":".join(str(jar) for jar in found)
        (compiler,) = jars("ecj", say)
        outcome = subprocess.run(
            [find_java(), "-jar", compiler, "-17", "-proc:none", "-nowarn", "-cp", libraries,
             "-d", classes, PROGRAMS / f"{MAIN}.java"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if outcome.returncode != 0:
            raise RunFailedError(f"{self.name}: {outcome.stderr.strip()[-600:]}")
        self._class_path = f"{classes}:{libraries}"

    def command(self, job: Job) -> Sequence[str | Path]:
        """Java, our class and the libraries."""
        del job
        options = ["-Xmx1g", "-XX:+UseG1GC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return [find_java(), *options, "-cp", self._class_path, MAIN]
