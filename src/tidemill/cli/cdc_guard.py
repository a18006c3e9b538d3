"""`tidemill cdc guard`."""

from __future__ import annotations

import time

from tidemill.cli.cdc_status import show
from tidemill.cli.output import say
from tidemill.cli.verb import COMMON, Common, verb


def cdc_guard(*only: str, every_s: float | None = None, common: Common = COMMON) -> int:
    """Hold slots to their budget of WAL.

    What is done about a slot above it, `cdc.over_budget` says: `warn` says so; `pause` stops the
    connector or pipeline that reads the slot; `drop` also drops the slot, so that Postgres frees
    its log; all rows have to be read anew then. Slots that nothing of the project reads are never
    touched. The exit code is 1 where a slot was over its budget.

    Args:
        only: the slots; by default all.
        every_s: look again after so many seconds, until it is stopped; by default once.
        common: the options of every verb.
    """
    from tidemill.control.cdc.guard import guard  # noqa: PLC0415 - loaded when called
    from tidemill.control.project_context import open_project  # noqa: PLC0415

    project = open_project(common.project)
    if every_s is None:
        return show(guard(project, only), common)
    while True:
        for one in guard(project, only):
            if one.action != "none":
                say(f"{one.action}: {one.sentence}")
        time.sleep(every_s)


APP = verb("guard", cdc_guard, "tidemill cdc guard\ntidemill cdc guard --every-s 30")
