"""Makes an `Observation` of a running graph; from any thread."""

from __future__ import annotations

from collections.abc import Iterator

from tidemill.engine.graph import Graph
from tidemill.engine.intake import Intake
from tidemill.engine.observation import Observation, SourceTime, WaitingOperator
from tidemill.plan.physical import OperatorStage
from tidemill.plan.windows import MAX_WATERMARK_US, MIN_WATERMARK_US


def observe(graph: Graph) -> Observation:
    """Where event time stands now."""
    sources = tuple(
        _source(intake)
        for intake in list(graph.intakes.values())
        if intake.stage.event_time is not None
    )
    waiting = tuple(_waiting(graph))
    return Observation(graph.clock.now_ms(), sources, waiting)


def _source(intake: Intake) -> SourceTime:
    stage, marks = intake.stage, intake.watermarks
    assert stage.event_time is not None
    return SourceTime(
        table=stage.table.name,
        rowtime=stage.event_time.rowtime,
        delay_us=stage.event_time.delay_us,
        idle_timeout_ms=stage.idle_timeout_ms,
        watermark_us=_known(marks.current_us),
        ended=marks.current_us >= MAX_WATERMARK_US,
        partitions=marks.partitions(),
        newest_us=_known(intake.newest_us),
    )


def _waiting(graph: Graph) -> Iterator[WaitingOperator]:
    for stage in graph.plan.operators:
        waits = graph.nodes[stage.id].waiting
        if waits is None or waits.watermark_us >= MAX_WATERMARK_US:
            continue
        yield WaitingOperator(
            operator=stage.id,
            title=stage.title,
            keys=tuple(stage.facts().get("keys", ())),
            needs_us=waits.watermark_us,
            reached_us=_known(graph.watermark(stage.id)),
            window_us=waits.window_us,
            sources=dict(_needed(graph, stage, waits.watermark_us)),
        )


def _needed(graph: Graph, stage: OperatorStage, needs_us: int) -> Iterator[tuple[str, int]]:
    """The watermark that each source must reach; operators in between may hold time back."""
    operators = {operator.id: operator for operator in graph.plan.operators}
    for edge in stage.edges:
        before = operators.get(edge.input)
        if before is None:
            intake = graph.intakes.get(edge.input)
            if intake is not None:
                yield intake.stage.table.name, needs_us
            continue
        lag_us = needs_us - graph.nodes[before.id].watermark_us(needs_us)
        yield from _needed(graph, before, needs_us + max(0, lag_us))


def _known(watermark_us: int) -> int | None:
    """None instead of the values that stand for none yet and for the end."""
    return watermark_us if MIN_WATERMARK_US < watermark_us < MAX_WATERMARK_US else None
