"""A bounded input that has grown since its pipeline ended.

What waits for the end of its input, such as a GROUP BY in batch mode, gives its result anew, as
rows: that is right for a sink, as when the query is run again. An operator behind it would hold
the old result beside the new one, and nothing can tell it which rows are no more.
"""

from __future__ import annotations

from tidemill.engine.graph import Graph
from tidemill.errors import EngineError, Where
from tidemill.plan.physical import OperatorStage


def closed_sources(graph: Graph) -> dict[str, OperatorStage]:
    """By the source's id, the operator over whose whole input it must not give rows any more."""
    plan = graph.plan
    behind = {edge.input for stage in plan.operators for edge in stage.edges}
    found: dict[str, OperatorStage] = {}
    for stage in plan.operators:
        if stage.id in behind and graph.nodes[stage.id].ended:
            found |= {source.id: stage for source in plan.source_of(stage.id)}
    return found


def input_has_grown(stage: OperatorStage, table: str) -> EngineError:
    """Rows came from a source whose result has gone on into another operator."""
    return EngineError(
        f"`{table}` has new rows, but the results of {stage.title} over the whole of it have gone "
        "into the query behind",
        code="engine.result-written",
        where=Where(table=table, operator=stage.id),
        detail="The pipeline ended in an earlier run; old results cannot be told from new ones.",
        hint="Run it as a stream (SET 'execution.runtime-mode' = 'streaming') into a sink that "
        "takes changes, or under another name over the whole input.",
    )
