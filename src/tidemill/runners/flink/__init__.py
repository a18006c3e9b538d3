"""Flink as a runner: a SQL Gateway takes the pipeline's text, a JobManager tells of its jobs.

`rest` speaks JSON over HTTP, `gateway` is the SQL Gateway, `cluster` the JobManager, `metrics` what
its jobs do, `types` and `values` turn Flink's answers into Tidemill's types and Python values,
`programs` runs those in Python, `causes` finds the one line that matters in a Java trace, and
`script` makes the text fit for Flink.
"""

from tidemill.runners.flink.cluster import Cluster, Job
from tidemill.runners.flink.gateway import Column, Gateway, GatewaySession, Result, Row
from tidemill.runners.flink.metrics import JobMetrics
from tidemill.runners.flink.script import (
    CONNECTORS,
    FlinkScript,
    Rewrite,
    Statement,
    TableOptions,
    as_one_job,
    cut,
    declared_tables,
)

__all__ = [
    "CONNECTORS",
    "Cluster",
    "Column",
    "FlinkScript",
    "Gateway",
    "GatewaySession",
    "Job",
    "JobMetrics",
    "Result",
    "Rewrite",
    "Row",
    "Statement",
    "TableOptions",
    "as_one_job",
    "cut",
    "declared_tables",
]
