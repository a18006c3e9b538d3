"""SQLFlow, where its binary `sqlflow` is on the PATH: batches of messages, a DuckDB query."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.engines import RunFailedError
from bench.engines.process import ProcessRun
from bench.engines.program import Program
from bench.job import Job

_OTHERS = dict.fromkeys(
    ("T1", "T3", "T3M", "T4", "T5", "T6"),
    "only T2 is written for it: no registry has its binary, so nothing could be tried",
)
_T2 = (
    "SELECT ride_id, pu_location_id, do_location_id, trip_distance, "
    "fare_amount + tip_amount AS paid FROM batch WHERE trip_distance > 10 AND payment_type = 1"
)


class SqlFlow(Program):
    """One pipeline file a run; its output is watched."""

    name = "SQLFlow"
    settings = "batches of 10,000"
    cannot: Mapping[str, str] = _OTHERS
    ends = False

    def install(self) -> None:
        """Nothing can be installed from a registry: the binary must be there."""
        if shutil.which("sqlflow") is None:
            raise RunFailedError("SQLFlow: `sqlflow` is not on the PATH; no registry has it")

    def command(self, job: Job) -> Sequence[str | Path]:
        """The binary, on a pipeline file in the run's folder."""
        brokers = [job.servers.bootstrap]
        pipeline = {
            "pipeline": {
                "batch_size": 10_000,
                "source": {
                    "type": "kafka",
                    "kafka": {
                        "brokers": brokers,
                        "group_id": job.output,
                        "auto_offset_reset": "earliest",
                        "topics": list(job.inputs.values()),
                    },
                },
                "handler": {"type": "handlers.InferredMemBatch", "sql": _T2},
                "sink": {
                    "type": "kafka",
                    "kafka": {"brokers": brokers, "topic": job.output},
                },
            }
        }
        # JSON is YAML.
        (job.folder / "pipeline.yml").write_text(json.dumps(pipeline), encoding="utf-8")
        return ["sqlflow", "run", "pipeline.yml"]

    def launch(self, job: Job) -> ProcessRun:
        """Start it; it takes no job file."""
        return ProcessRun(self.name, self.command(job), job.folder)
