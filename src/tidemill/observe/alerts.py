"""The alert rules over Tidemill's metrics, and the scrape configuration, as Prometheus takes them.

Both are made here, for the server that `tidemill up prometheus` starts and for the files under
`deploy/prometheus`, so that the two never differ and no rule speaks of a metric that is not there.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ruamel.yaml import YAML

from tidemill.records import dataclass

JOB = "tidemill"


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the rules are: what is looked back at, and how long something must hold.

    `lag_s` is how long a record may wait, `epoch_age_s` how old the last commit may be.
    """

    window_s: int = 300
    hold_s: int = 60
    lag_s: int = 60
    epoch_age_s: int = 60

    @staticmethod
    def of(interval_s: int, lag_s: int = 60) -> Pace:
        """Twenty scrapes to look back at, four for which something must hold."""
        return Pace(20 * interval_s, 4 * interval_s, lag_s)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One alert; `summary` and `todo` are for a person, with labels as `{{ $labels.x }}`."""

    alert: str
    expr: str
    severity: str
    summary: str
    todo: str
    hold_s: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As in a rule file."""
        rule: dict[str, Any] = {"alert": self.alert, "expr": self.expr}
        if self.hold_s:
            rule["for"] = f"{self.hold_s}s"
        rule["labels"] = {"severity": self.severity}
        rule["annotations"] = {"summary": self.summary, "description": self.todo}
        return rule


def alert_rules(pace: Pace | None = None) -> list[AlertRule]:
    """All rules, what matters most first."""
    pace = pace or Pace()
    return [*_pipelines(pace), *_cdc(pace), *_servers(pace)]


def rules_text(pace: Pace | None = None) -> str:
    """The rule file."""
    rules = [rule.as_dict() for rule in alert_rules(pace)]
    return _yaml({"groups": [{"name": JOB, "rules": rules}]})


@dataclass(frozen=True, slots=True)
class Scrape:
    """How Prometheus reaches the console: addresses, or a file of them, and the viewer's token.

    `jmx_targets_files` name the JMX exporters inside servers.
    """

    credentials_file: str
    targets: tuple[str, ...] = ()
    targets_file: str | None = None
    jmx_targets_files: str | None = None
    rules_file: str = "tidemill.rules.yml"
    interval_s: int = 15
    properties: Mapping[str, Any] = field(default_factory=dict)


def scrape_text(scrape: Scrape) -> str:
    """The configuration file; `properties` are further keys of its `global`."""
    found: dict[str, Any] = {
        "job_name": JOB,
        "metrics_path": "/metrics",
        "authorization": {"type": "Bearer", "credentials_file": scrape.credentials_file},
    }
    if scrape.targets_file is not None:
        found["file_sd_configs"] = [{"files": [scrape.targets_file], "refresh_interval": "5s"}]
    else:
        found["static_configs"] = [{"targets": list(scrape.targets)}]
    jobs = [found]
    if scrape.jmx_targets_files is not None:
        files = {"files": [scrape.jmx_targets_files], "refresh_interval": "5s"}
        jobs.append({"job_name": f"{JOB}-servers", "file_sd_configs": [files]})
    every = f"{scrape.interval_s}s"
    return _yaml(
        {
            "global": {
                "scrape_interval": every, "evaluation_interval": every, **scrape.properties,
            },
            "rule_files": [scrape.rules_file],
            "scrape_configs": jobs,
        }
    )  # fmt: skip


def _pipelines(pace: Pace) -> list[AlertRule]:
    window = f"[{pace.window_s}s]"
    return [
        AlertRule(
            "TidemillPipelineKilled",
            'tidemill_pipeline_state{state=~"killed|failed"} == 1',
            "critical",
            "The pipeline {{ $labels.pipeline }} is {{ $labels.state }}",
            "Start it again: it goes on where its last epoch ended. Why it failed stands on its "
            "page in the console.",
        ),
        AlertRule(
            "TidemillLagGrowing",
            f"max by (pipeline, table) (tidemill_source_lag_seconds) > {pace.lag_s} "
            f"and max by (pipeline, table) (deriv(tidemill_source_lag_seconds{window})) > 0",
            "warning",
            "{{ $labels.pipeline }} falls behind on {{ $labels.table }}: the next record has "
            "waited {{ $value | humanizeDuration }}",
            "Look at its page: back-pressure says whether reading, the engine or a sink is slow.",
            pace.hold_s,
        ),
        AlertRule(
            "TidemillNoCommit",
            f"tidemill_epoch_age_seconds > {pace.epoch_age_s} "
            "and on (pipeline) sum by (pipeline) (tidemill_source_lag_records) > 0",
            "critical",
            "{{ $labels.pipeline }} has committed nothing for {{ $value | humanizeDuration }}",
            "Look at the servers of its sinks.",
            pace.hold_s,
        ),
        AlertRule(
            "TidemillRestarting",
            f"increase(tidemill_pipeline_restarts_total{window}) > 3",
            "warning",
            "{{ $labels.pipeline }} recovers again and again",
            "Its last error stands on its page in the console.",
        ),
        AlertRule(
            "TidemillDeadLetters",
            f'sum by (pipeline, table) (increase(tidemill_source_rows_total{{outcome="dead"}}'
            f"{window})) > 0",
            "warning",
            "Rows of {{ $labels.table }} were rejected by {{ $labels.pipeline }}",
            "Read the reasons under Dead letters in the console.",
        ),
        AlertRule(
            "TidemillBackPressure",
            "tidemill_source_back_pressure_ratio > 0.8",
            "info",
            "{{ $labels.table }} comes faster than {{ $labels.pipeline }} works",
            "Memory stays flat; lag grows until the load falls.",
            pace.window_s,
        ),
    ]


def _cdc(pace: Pace) -> list[AlertRule]:
    return [
        AlertRule(
            "TidemillSlotOverBudget",
            "tidemill_postgres_slot_wal_bytes > on (slot) tidemill_postgres_slot_wal_budget_bytes",
            "critical",
            "The replication slot {{ $labels.slot }} holds {{ $value | humanize1024 }}B of WAL",
            "Start the connector that reads it, or drop the slot, before the disk is full.",
        ),
        AlertRule(
            "TidemillSlotLost",
            "tidemill_postgres_slot_lost == 1",
            "critical",
            "WAL that the replication slot {{ $labels.slot }} needs is gone",
            "Drop the slot, and let its connector make a new snapshot.",
        ),
        AlertRule(
            "TidemillSlotUnread",
            "tidemill_postgres_slot_active == 0",
            "warning",
            "Nobody reads the replication slot {{ $labels.slot }}, and WAL piles up",
            "Start its connector, or drop the slot.",
            pace.window_s,
        ),
        AlertRule(
            "TidemillConnectorFailed",
            'tidemill_connector_task_state{state="FAILED"} == 1',
            "critical",
            "Task {{ $labels.task }} of the connector {{ $labels.connector }} failed",
            "Read its trace on the connector's page, mend the cause, and restart it.",
        ),
    ]


def _servers(pace: Pace) -> list[AlertRule]:
    return [
        AlertRule(
            "TidemillServerDown",
            "tidemill_server_up == 0",
            "critical",
            "The server {{ $labels.server }} is not ready",
            "Read its log: tidemill logs {{ $labels.server }}",
            pace.hold_s,
        ),
        AlertRule(
            "TidemillNotSeen",
            f'up{{job="{JOB}"}} == 0',
            "critical",
            "The console of {{ $labels.instance }} does not answer",
            "Start it: tidemill console. Without it nothing else is known.",
            pace.hold_s,
        ),
    ]


def _yaml(data: Mapping[str, Any]) -> str:
    writer = YAML()
    writer.default_flow_style = False
    writer.width = 1000
    held = io.StringIO()
    writer.dump(data, held)
    return held.getvalue()
