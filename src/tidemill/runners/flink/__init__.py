"""Flink as a runner: a SQL Gateway takes the pipeline's text, a JobManager tells of its jobs.

`rest` speaks JSON over HTTP, `gateway` is the SQL Gateway, `cluster` the JobManager, `types` and
`values` turn Flink's answers into Tidemill's types and Python values, `causes` finds the one line
that matters in a Java trace, and `script` makes the text fit for Flink.
"""

from tidemill.runners.flink.cluster import Cluster, Job
from tidemill.runners.flink.gateway import Column, Gateway, GatewaySession, Result, Row
from tidemill.runners.flink.script import (
    FlinkScript,
    Rewrite,
    Statement,
    TableOptions,
    as_one_job,
    cut,
)

__all__ = [
    "Cluster",
    "Column",
    "FlinkScript",
    "Gateway",
    "GatewaySession",
    "Job",
    "Result",
    "Rewrite",
    "Row",
    "Statement",
    "TableOptions",
    "as_one_job",
    "cut",
]
