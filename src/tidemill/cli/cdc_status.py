"""`tidemill cdc status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.cli.output import data_json, say, table
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidemill.control.cdc.guard import Guarded


def cdc_status(*, common: Common = COMMON) -> int:
    """Show slots, their readers and their WAL.

    Those of replication: who reads each, how much WAL it holds of what it may, and which
    changes of its table's columns or key a pipeline went on behind.
    The exit code is 1 where a slot is over its budget or lost.

    Args:
        common: the options of every verb.
    """
    from tidemill.control.cdc.guard import look  # noqa: PLC0415 - loaded when called
    from tidemill.control.project_context import open_project  # noqa: PLC0415

    return show(look(open_project(common.project)), common)


def show(found: Sequence[Guarded], common: Common) -> int:
    """Print slots; 1 where one needs somebody."""
    if common.json:
        data_json([one.as_dict() for one in found])
    elif not found:
        say("There is no replication slot.")
    else:
        rows = [
            (
                one.slot.state.name,
                "nobody" if one.reader is None else f"{one.reader.shown} ({one.reader.state})",
                f"{(one.slot.state.retained_bytes or 0) / (1 << 20):,.1f}",
                f"{(one.slot.state.behind_bytes or 0) / (1 << 20):,.1f}",
                f"{one.slot.budget_bytes >> 20:,}",
            )
            for one in found
        ]
        table(("slot", "read by", "WAL MB", "unconfirmed MB", "budget MB"), rows)
        for one in found:
            for place, what in one.schema_changes.newest:
                say(f"{one.slot.state.name}: at {place} {what}")
            if one.action != "none":
                say(f"{one.action}: {one.sentence}")
    return 1 if any(one.action != "none" for one in found) else 0


APP = verb("status", cdc_status, "tidemill cdc status")
