"""The floor: librdkafka's raw batch read in native code, the limit of all that read Kafka with it.

It does no task; it stands beside T1 because T1 writes next to nothing. Needs a C compiler.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import confluent_kafka

from bench.engines import RunFailedError
from bench.engines.process import ProcessRun
from bench.engines.program import PROGRAMS, Program
from bench.job import Job
from tidemill.services.cache import make_cache_folder

_OTHERS = ("T2", "T3", "T3M", "T4", "T5", "T6")


class Floor(Program):
    """Reads the bytes of the topic, and nothing else."""

    name = "floor (librdkafka, bytes only)"
    settings = "rd_kafka_consume_batch of 50,000, fetch.queue.backoff.ms=5"
    cannot: Mapping[str, str] = dict.fromkeys(
        _OTHERS, "it only reads bytes; it is measured beside T1"
    )
    writes = False

    def __init__(self) -> None:
        self._program = Path()

    def install(self) -> None:
        """Compile the program; raises RunFailedError without a compiler."""
        self._program = compiled("floor")

    def command(self, job: Job) -> Sequence[str | Path]:
        """The program, with the librdkafka that confluent-kafka's wheel carries."""
        (topic,) = job.inputs.values()
        return [self._program, librdkafka(), job.servers.bootstrap, topic, str(job.count)]

    def launch(self, job: Job) -> ProcessRun:
        """Start it; it takes no job file."""
        return ProcessRun(self.name, self.command(job), job.folder)


def compiled(name: str) -> Path:
    """A program in C, compiled; raises RunFailedError without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise RunFailedError(f"{name}: there is no C compiler (cc) here")
    program = make_cache_folder() / f"bench-{name}"
    source = PROGRAMS / f"{name}.c"
    subprocess.run([compiler, "-O2", "-o", program, source, "-ldl"], check=True)
    return program


def librdkafka() -> Path:
    """The library that confluent-kafka's wheel carries."""
    package = Path(confluent_kafka.__file__).parent
    found = sorted(package.with_name("confluent_kafka.libs").glob("librdkafka*.so*"))
    if not found:
        raise RunFailedError("confluent-kafka carries no librdkafka here")
    return found[0]
