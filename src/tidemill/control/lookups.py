"""The readers of the tables that a plan's lookup joins ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidemill.interfaces.connector import JobContext
    from tidemill.interfaces.lookup import Lookup
    from tidemill.model import TableDescriptor
    from tidemill.plan import PhysicalPlan


def lookups_of(
    plan: PhysicalPlan,
    settle: Callable[[TableDescriptor], TableDescriptor],
    context: JobContext,
) -> dict[str, Callable[[], Lookup]]:
    """A factory for each lookup join of the plan, by its stage; `settle` makes options final."""
    from tidemill.plan.operators.lookup_join import LookupJoinStage  # noqa: PLC0415

    return {
        stage.id: _factory(settle(stage.table), context)
        for stage in plan.operators
        if isinstance(stage, LookupJoinStage)
    }


def _factory(table: TableDescriptor, context: JobContext) -> Callable[[], Lookup]:
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used

    make = CONNECTORS[table.options["connector"]].lookup
    assert make is not None, "the binder refuses tables that cannot be looked up"
    return lambda: make(table, context)
