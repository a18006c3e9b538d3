"""Use case `doctor`, the part about replication slots: do they hold more WAL than they may?"""

from __future__ import annotations

from tidemill.control.cdc.guard import look
from tidemill.control.doctor_servers import Check
from tidemill.errors import TidemillError
from tidemill.project import Project


def doctor_slots(project: Project) -> list[Check]:
    """A check per slot of the project's Postgres; none where it does not run."""
    try:
        found = look(project)
    except TidemillError as error:
        return [Check("replication slots", "warning", error.message, error.hint)]
    checks = []
    for one in found:
        name = f"slot {one.slot.state.name}"
        if one.action == "none":
            held = (one.slot.state.retained_bytes or 0) >> 20
            text = f"holds {held:,} MB of WAL of {one.slot.budget_bytes >> 20:,} MB"
            checks.append(Check(name, "ok", text))
        else:
            hint = "See: tidemill cdc status; `cdc.over_budget` says what `tidemill cdc guard` does"
            checks.append(Check(name, "warning", one.sentence, hint))
    return checks
