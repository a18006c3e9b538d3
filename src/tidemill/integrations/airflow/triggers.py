"""What waits for a sensor, in Airflow's triggerer: it asks again and again, without a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from .command import answer_of, command_line, environment
from .conditions import NeverMetError, arguments_of, judge


class TidemillTrigger(BaseTrigger):
    """Ask Tidemill every `interval_s` seconds until a condition is met."""

    def __init__(self, condition: dict[str, Any], project: str | None, interval_s: float) -> None:
        super().__init__()
        self.condition = condition
        self.project = project
        self.interval_s = interval_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """As Airflow keeps it."""
        kwargs = {
            "condition": self.condition,
            "project": self.project,
            "interval_s": self.interval_s,
        }
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event: met, or never."""
        while True:
            try:
                met, seen = await self._look()
            except NeverMetError as error:
                yield TriggerEvent({"met": False, "seen": str(error)})
                return
            self.log.info("%s", seen)
            if met:
                yield TriggerEvent({"met": True, "seen": seen})
                return
            await asyncio.sleep(self.interval_s)

    async def _look(self) -> tuple[bool, str]:
        process = await asyncio.create_subprocess_exec(
            *command_line(arguments_of(self.condition), self.project),
            env=environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output, _ = await process.communicate()
        code = process.returncode or 0
        answer = answer_of(code, output.decode("utf-8", "replace").splitlines())
        return judge(self.condition, code, answer.data, time.time_ns() // 10**6)
