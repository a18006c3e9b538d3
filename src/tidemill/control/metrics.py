"""Use case `/metrics`: the pipelines and servers of a project as Prometheus metrics.

Everything comes from what running pipelines publish, from the supervisor, and from one question to
each server; a scrape costs a few small files and takes about half a second at most. Units are
seconds and bytes. Labels are pipeline, operator, table, partition, group, server, slot, database,
topic, connector and task: as many series as the project has of these.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

from tidemill.control.metrics_servers import server_families
from tidemill.control.pipeline_states import PipelineState, pipeline_states
from tidemill.control.server_metrics import ServerFacts, server_facts
from tidemill.control.stack_status import StackStatus
from tidemill.control.status import status
from tidemill.engine.epoch_stats import BOUNDS_S
from tidemill.engine.times import END_TO_END_BOUNDS_S
from tidemill.observe.prometheus import Family, text
from tidemill.project import Project
from tidemill.version import __version__

_STATES = ("running", "recovering", "stopped", "finished", "failed", "killed", "never-run")
_SOURCE = ("records", "rows", "skipped", "late", "dead")
_OPERATOR = ("in", "out", "filtered", "expanded", "late", "dead", "unmatched")
_SINK = ("out", "retractions", "dead")


def metrics_text(project: Project) -> str:
    """What a scrape of the project gives."""
    families = _Families()
    families.build.add(1, version=__version__, python=platform.python_version())
    for state in pipeline_states(project):
        families.pipeline(state)
    families.servers(status(project.state_dir))
    return text([*families.all(), *server_families(server_facts(project))])


def metric_families() -> list[Family]:
    """Every metric that a scrape may give, without samples, for what tells of them."""
    return [*_Families().all(), *server_families(ServerFacts())]


def metric_names() -> list[str]:
    """The names of every metric that a scrape may give, for what speaks of them: boards, rules."""
    return [family.name for family in metric_families()]


class _Families:
    """All families, in the order of the output."""

    def __init__(self) -> None:
        self._made: list[Family] = []
        gauge, counter = self._gauge, self._counter
        self.build = gauge("build_info", "The version of Tidemill; always 1.")
        self.up = gauge("pipeline_up", "1 where a process runs the pipeline.")
        self.state = gauge("pipeline_state", "1 for the state that the pipeline is in.")
        self.started = gauge("pipeline_start_time_seconds", "When this run began, Unix time.")
        self.restarts = counter("pipeline_restarts_total", "Recoveries since this run began.")
        self.source = counter("source_rows_total", "Rows of a source, by what became of them.")
        self.operator = counter("operator_rows_total", "Rows of an operator, by what became.")
        self.sink = counter("sink_rows_total", "Rows of a sink, by what became of them.")
        self.lag = gauge("source_lag_records", "Records known to wait in a partition.")
        self.lag_s = gauge("source_lag_seconds", "Since when the next record of a source waits.")
        self.mark = gauge(
            "source_watermark_seconds", "A source's watermark, in seconds of event time since 1970."
        )
        self.mark_lag = gauge(
            "source_watermark_lag_seconds", "How far the watermark stands behind the wall clock."
        )
        self.bytes = gauge("operator_state_bytes", "State of an operator, spilled state included.")
        self.epoch = gauge("epoch_number", "The last epoch that is committed everywhere.")
        self.age = gauge("epoch_age_seconds", "Since the last epoch was committed.")
        self.took = Family(
            "tidemill_epoch_duration_seconds", "histogram", "From the cut of an epoch to its end."
        )
        self.size = gauge("epoch_checkpoint_bytes", "Size of the last checkpoint.")
        self.failures = counter("epoch_failures_total", "Epochs begun and not completed.")
        self.commit = Family(
            "tidemill_sink_commit_duration_seconds", "histogram", "Commits of a group of sinks."
        )
        self._made += [self.took, self.commit]
        self.processing = Family(
            "tidemill_processing_duration_seconds",
            "histogram",
            "A batch of a source, from the engine's inbox through the whole plan.",
        )
        self.operators = Family(
            "tidemill_operator_duration_seconds",
            "histogram",
            "An operator's own work on a batch, or on event time that advanced.",
        )
        self.end_to_end = Family(
            "tidemill_end_to_end_latency_seconds",
            "histogram",
            "From the store's time of the newest record of a read to the commit of its epoch.",
        )
        self._made += [self.processing, self.operators, self.end_to_end]
        self.schema_changes = counter(
            "source_schema_changes_total",
            "Changes of a table's columns or key that reading went on behind.",
        )
        self.pressure = gauge(
            "source_back_pressure_ratio", "Share of the last seconds that a reader had to wait."
        )
        self.reader_blocked = counter("source_blocked_seconds_total", "Time a reader had to wait.")
        self.writer_blocked = counter(
            "sink_blocked_seconds_total", "Time the engine waited for a group of sinks."
        )
        self.server_up = gauge("server_up", "1 where a server is ready.")
        self.server_bytes = gauge("server_memory_bytes", "Memory of a server, children included.")
        self.server_restarts = counter("server_restarts_total", "Restarts by the supervisor.")

    def all(self) -> list[Family]:
        """In a stable order."""
        return self._made

    def _gauge(self, name: str, help_: str) -> Family:
        self._made.append(Family(f"tidemill_{name}", "gauge", help_))
        return self._made[-1]

    def _counter(self, name: str, help_: str) -> Family:
        self._made.append(Family(f"tidemill_{name}", "counter", help_))
        return self._made[-1]

    def pipeline(self, one: PipelineState) -> None:
        """The samples of one pipeline."""
        name = one.name
        self.up.add(int(one.runs), pipeline=name)
        for state in _STATES:
            self.state.add(int(one.state == state), pipeline=name, state=state)
        live = one.live
        if live is None:
            return
        self._rows(name, live)
        for operator, size in live["operator_state_bytes"].items():
            self.bytes.add(size, pipeline=name, operator=operator)
        self.epoch.add(live["epoch"], pipeline=name)
        self._epochs(name, live["epochs"])
        # A state that an older release left has no times.
        self._times(name, live.get("times", {}))
        self.restarts.add(live["restarts"], pipeline=name)
        for table, changes in live.get("schema_changes", {}).items():
            self.schema_changes.add(changes["count"], pipeline=name, table=table)
        if not one.runs:
            return
        self.started.add(live["started_at_ms"] / 1000, pipeline=name)
        self.age.add(one.epoch_age_s, pipeline=name)
        for table, parts in live["lags"].items():
            for partition, lag in parts.items():
                self.lag.add(lag, pipeline=name, table=table, partition=partition)
        for table, share in live.get("back_pressure", {}).items():
            self.pressure.add(share, pipeline=name, table=table)
        for table, lag_s in live["lag_s"].items():
            self.lag_s.add(lag_s, pipeline=name, table=table)
        for table, behind_s in one.watermark_lags_s().items():
            mark_s = live["watermarks_ms"][table] / 1000
            self.mark.add(mark_s, pipeline=name, table=table)
            self.mark_lag.add(behind_s, pipeline=name, table=table)

    def _rows(self, name: str, live: Mapping[str, Any]) -> None:
        counts = live["counters"]
        for node in live["graph"]["nodes"]:
            table = node.get("table")
            if node["kind"] == "source":
                for what in _SOURCE:
                    rows = counts.get(f"source.{table}.{what}", 0)
                    self.source.add(rows, pipeline=name, table=table, outcome=what)
                continue
            for what in _OPERATOR:
                rows = counts.get(f"{node['id']}.{what}", 0)
                self.operator.add(rows, pipeline=name, operator=node["id"], outcome=what)
            if node["kind"] == "sink":
                for what in _SINK:
                    rows = counts.get(f"sink.{table}.{what}", 0)
                    self.sink.add(rows, pipeline=name, table=table, outcome=what)

    def _epochs(self, name: str, epochs: Mapping[str, Any]) -> None:
        took = epochs["epochs"]
        self.took.observe(BOUNDS_S, took["buckets"], took["seconds"], pipeline=name)
        self.size.add(epochs["checkpoint_bytes"], pipeline=name)
        self.failures.add(epochs["failures"], pipeline=name)
        for group, one in epochs["sinks"].items():
            self.commit.observe(
                BOUNDS_S, one["buckets"], one["seconds"], pipeline=name, group=group
            )

    def servers(self, stack: StackStatus) -> None:
        """The samples of the servers."""
        for server in stack.servers:
            self.server_up.add(int(server.state == "ready"), server=server.name)
            self.server_bytes.add(server.memory_bytes, server=server.name)
            self.server_restarts.add(server.restarts, server=server.name)

    def _times(self, name: str, times: Mapping[str, Any]) -> None:
        for table, one in times.get("processing", {}).items():
            labels = {"pipeline": name, "table": table}
            self.processing.observe(BOUNDS_S, one["buckets"], one["seconds"], **labels)
        for operator, one in times.get("operators", {}).items():
            labels = {"pipeline": name, "operator": operator}
            self.operators.observe(BOUNDS_S, one["buckets"], one["seconds"], **labels)
        for table, one in times.get("end_to_end", {}).items():
            bounds = END_TO_END_BOUNDS_S
            labels = {"pipeline": name, "table": table}
            self.end_to_end.observe(bounds, one["buckets"], one["seconds"], **labels)
        for table, seconds in times.get("reader_blocked_s", {}).items():
            self.reader_blocked.add(seconds, pipeline=name, table=table)
        for group, seconds in times.get("writer_blocked_s", {}).items():
            self.writer_blocked.add(seconds, pipeline=name, group=group)
