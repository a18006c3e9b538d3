"""The watermark that stood before each row of a table; without state."""

from __future__ import annotations

from typing import Any

from tidemill.plan.fuse import chains
from tidemill.plan.lowering.watermarks import current_watermark_refusal
from tidemill.plan.physical import OperatorStage
from tidemill.plan.planning import Columns, OperatorPlanner, Planning, stage_schema
from tidemill.records import dataclass
from tidemill.sql.logical import CurrentWatermark, Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentWatermarkStage(OperatorStage):
    """The edges give the table's rows and the index `r`; the watermark goes behind the columns."""

    def facts(self) -> dict[str, Any]:
        """Nothing is kept."""
        return {"state": "none"}


def _plan(node: CurrentWatermark, planning: Planning, _used: Columns) -> CurrentWatermarkStage:
    edges, changelog = planning.row_edges(node.input, numbered=True)
    if changelog.updates:
        raise current_watermark_refusal(
            "over a changelog", planning.where, "A row is withdrawn at another watermark."
        )
    (chain,) = chains(node.input, planning.zone)
    assert isinstance(chain.base, Scan)
    planning.keep_standing(chain.base)
    return CurrentWatermarkStage(
        id=planning.name("c"),
        edges=edges,
        schema=stage_schema(node.fields, False),
        changelog=changelog,
        where=planning.where,
    )


PLANNER = OperatorPlanner(_plan)
