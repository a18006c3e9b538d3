"""Deferrable sensors: lag, freshness and watermark of a pipeline that runs, and checks.

A sensor looks once; where its condition is not met, it gives its worker back, and a trigger waits.
A pipeline that nobody runs is waited for like any other; `timeout` ends the waiting.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowException

from .command import Call
from .conditions import NeverMetError, arguments_of, judge
from .triggers import TidemillTrigger


class _TidemillSensor(BaseSensorOperator):
    """What all sensors share; `condition` says what is waited for."""

    def __init__(self, *, project: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.project = project

    def condition(self) -> dict[str, Any]:
        """What is waited for, as plain data."""
        raise AssertionError("each sensor has its own")

    def execute(self, context: Any) -> Any:
        """Look once, then defer."""
        condition = self.condition()
        answer = Call(arguments_of(condition), self.project).wait()
        try:
            met, seen = judge(condition, answer.code, answer.data, time.time_ns() // 10**6)
        except NeverMetError as error:
            raise AirflowException(str(error)) from None
        self.log.info("%s", seen)
        if met:
            return seen
        trigger = TidemillTrigger(condition, self.project, float(self.poke_interval))
        timeout = dt.timedelta(seconds=float(self.timeout))
        return self.defer(trigger=trigger, method_name="resume", timeout=timeout)

    def resume(self, context: Any, event: dict[str, Any]) -> Any:
        """The trigger has found it."""
        if not event["met"]:
            raise AirflowException(event["seen"])
        return event["seen"]


class _PipelineSensor(_TidemillSensor):
    template_fields: Sequence[str] = ("pipeline", "project")

    def __init__(self, *, pipeline: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pipeline = pipeline


class TidemillLagSensor(_PipelineSensor):
    """Wait until a running pipeline has at most `lag_max` records before it."""

    def __init__(self, *, lag_max: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lag_max = lag_max

    def condition(self) -> dict[str, Any]:
        """The lag."""
        return {"kind": "lag", "pipeline": self.pipeline, "lag_max": self.lag_max}


class TidemillFreshnessSensor(_PipelineSensor):
    """Wait until the slowest watermark of a pipeline is at most `age_max_s` seconds old."""

    def __init__(self, *, age_max_s: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.age_max_s = age_max_s

    def condition(self) -> dict[str, Any]:
        """The age."""
        return {"kind": "freshness", "pipeline": self.pipeline, "age_max_s": self.age_max_s}


class TidemillWatermarkSensor(_PipelineSensor):
    """Wait until all watermarks of a pipeline have reached a time (ISO 8601, with its offset)."""

    template_fields: Sequence[str] = ("pipeline", "reaches", "project")

    def __init__(self, *, reaches: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reaches = reaches

    def condition(self) -> dict[str, Any]:
        """The time; one without an offset is UTC."""
        moment = dt.datetime.fromisoformat(self.reaches)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return {"kind": "watermark", "pipeline": self.pipeline, "reaches": moment.isoformat()}


class TidemillCheckSensor(_TidemillSensor):
    """Wait until suites of checks pass on their tables and files."""

    template_fields: Sequence[str] = ("suites", "project")

    def __init__(self, *, suites: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.suites = list(suites)

    def condition(self) -> dict[str, Any]:
        """The suites."""
        return {"kind": "check", "suites": list(self.suites)}
