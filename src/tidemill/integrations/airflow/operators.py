"""Operators: any command of Tidemill, a pipeline, a suite of checks, the warehouse.

A task that is killed and tried again doubles nothing: a pipeline goes on from its last commit, dbt
replaces each table in one transaction, checks only read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException

from .command import Answer, Call

LOCKED = "engine.state-locked"


class TidemillOperator(BaseOperator):
    """Run a command of Tidemill; its JSON is the task's result.

    Args:
        arguments: the command line without `tidemill`, such as `["dbt", "generate"]`.
        project: the project's folder; by default TIDEMILL_PROJECT.
    """

    template_fields: Sequence[str] = ("arguments", "project")

    def __init__(
        self, *, arguments: Sequence[str] = (), project: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.arguments = list(arguments)
        self.project = project
        self._call: Call | None = None

    def execute(self, context: Any) -> Any:
        """Run the command; raises AirflowException where it fails."""
        answer = self._ask(self.command())
        self.judge(answer)
        return answer.data

    def command(self) -> list[str]:
        """The command line."""
        return list(self.arguments)

    def judge(self, answer: Answer) -> None:
        """Raise AirflowException for an answer that is no success."""
        if answer.code != 0:
            raise AirflowException(answer.error_text)

    def on_kill(self) -> None:
        """Let the command end in order."""
        if self._call is not None:
            self._call.stop()

    def _ask(self, arguments: Sequence[str]) -> Answer:
        self.log.info("tidemill %s", " ".join(arguments))
        self._call = Call(arguments, self.project)
        return self._call.wait(self.log.info)


class TidemillRun(TidemillOperator):
    """Run a pipeline until all that was there has been processed; the result is the run's.

    Where another run of the pipeline still goes on, as that of a killed task that commits its last
    batch, it is waited for.

    Args:
        pipeline: its name.
        variables: values for `${var:...}`.
        lock_timeout_s: how long another run is waited for, in seconds.
        project: the project's folder; by default TIDEMILL_PROJECT.
    """

    template_fields: Sequence[str] = ("pipeline", "variables", "project")

    def __init__(
        self,
        *,
        pipeline: str,
        variables: Mapping[str, str] | None = None,
        lock_timeout_s: float = 60.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pipeline = pipeline
        self.variables = dict(variables or {})
        self.lock_timeout_s = lock_timeout_s

    def execute(self, context: Any) -> Any:
        """Run the pipeline; raises AirflowException where it fails or was stopped."""
        until_s = time.monotonic() + self.lock_timeout_s
        while True:
            answer = self._ask(self.command())
            locked = answer.error is not None and answer.error.get("code") == LOCKED
            if not locked or time.monotonic() > until_s:
                break
            time.sleep(1)
        self.judge(answer)
        return answer.data

    def command(self) -> list[str]:
        """`tidemill run PIPELINE --until-caught-up`."""
        values = [part for k, v in self.variables.items() for part in ("--var", f"{k}={v}")]
        return ["run", self.pipeline, "--until-caught-up", *values]

    def judge(self, answer: Answer) -> None:
        """A run that was stopped from outside is no success."""
        super().judge(answer)
        if answer.data.get("state") == "stopped":
            raise AirflowException(f"the pipeline {self.pipeline} was stopped before its end")


class TidemillCheck(TidemillOperator):
    """Look at tables and files with suites; the task fails where a critical expectation does.

    Args:
        suites: names of suites; by default all.
        project: the project's folder; by default TIDEMILL_PROJECT.
    """

    template_fields: Sequence[str] = ("suites", "project")

    def __init__(self, *, suites: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.suites = list(suites)

    def command(self) -> list[str]:
        """`tidemill checks run`."""
        return ["checks", "run", *self.suites]

    def judge(self, answer: Answer) -> None:
        """Name what failed."""
        if answer.code == 1 and isinstance(answer.data, dict) and "results" in answer.data:
            failed = [
                f"{result['suite']} on {result['target']}: {_expected(one)}"
                for result in answer.data["results"]
                for one in result["results"]
                if not one["success"] and one["severity"] == "critical"
            ]
            raise AirflowException("checks failed: " + "; ".join(failed))
        super().judge(answer)


class TidemillDbtBuild(TidemillOperator):
    """Build the warehouse; the task fails where a model or a test does.

    Args:
        select: dbt's selectors; by default everything.
        project: the project's folder; by default TIDEMILL_PROJECT.
    """

    template_fields: Sequence[str] = ("select", "project")

    def __init__(self, *, select: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.select = list(select)

    def command(self) -> list[str]:
        """`tidemill dbt build`."""
        return ["dbt", "build", *(part for one in self.select for part in ("--select", one))]

    def judge(self, answer: Answer) -> None:
        """Name the models and tests that failed."""
        if answer.code == 1 and isinstance(answer.data, dict) and "nodes" in answer.data:
            good = ("success", "pass", "warn", "skipped", "no-op")
            failed = [node["id"] for node in answer.data["nodes"] if node["status"] not in good]
            raise AirflowException("dbt failed: " + ", ".join(failed))
        super().judge(answer)


def _expected(one: Mapping[str, Any]) -> str:
    return f"{one['type']} {json.dumps(one['kwargs'])}"
