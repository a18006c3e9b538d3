"""Event time in the graph: the watermark of every node, and which inputs are left out of it.

As in Flink, an input without news for its idle timeout holds nobody back. Inputs of one port come
together as in UNION ALL: the least watermark of those that speak counts. One that speaks again
behind what the port has reached does not count until it has caught up; where all are silent, the
furthest counts. Of two ports (the sides of a join) the least counts that is not silent; where both
are, time stands. A node whose inputs are all silent is silent itself. Time never goes back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from tidemill.engine.batches import Int64s
from tidemill.plan.physical import FusedStage, OperatorStage, PhysicalPlan
from tidemill.plan.windows import MAX_WATERMARK_US, MIN_WATERMARK_US

_PORT = "#"


class NodeTimes:
    """Watermarks of sources and operators, epoch microseconds; compute thread only."""

    def __init__(self, plan: PhysicalPlan) -> None:
        self.watermarks: dict[str, int] = defaultdict(lambda: MIN_WATERMARK_US)
        self._ports: dict[tuple[str, int], int] = defaultdict(lambda: MIN_WATERMARK_US)
        self._reached: dict[str, int] = defaultdict(lambda: MIN_WATERMARK_US)
        self._idle: set[str] = set()
        self._behind: dict[str, list[str]] = defaultdict(list)
        self._inputs: dict[str, dict[int, set[str]]] = {}
        """The inputs of each operator, by port."""
        for operator in plan.operators:
            inputs = self._inputs[operator.id] = defaultdict(set)
            for edge in operator.edges:
                inputs[edge.port].add(edge.input)
            for source in plan.source_of(operator.id):
                self._behind[source.id].append(operator.id)

    def set_source(self, name: str, watermark_us: int, *, idle: bool) -> None:
        """Where a source stands, and whether it is silent."""
        self.watermarks[name] = watermark_us
        (self._idle.add if idle else self._idle.discard)(name)

    def reach(self, stage: OperatorStage) -> int:
        """The watermark that an operator's inputs have come to now."""
        ports = self._inputs[stage.id]
        active = []
        for port, names in ports.items():
            reached, silent = self._port(stage.id, port, names)
            self._ports[stage.id, port] = reached
            if not silent:
                active.append(reached)
        if not active and len(ports) == 1:
            active = [self._ports[stage.id, port] for port in ports]
        all_silent = all(self._silent(stage, port) for port in ports)
        (self._idle.add if all_silent else self._idle.discard)(stage.id)
        self._reached[stage.id] = max(
            self._reached[stage.id], min(active, default=MIN_WATERMARK_US)
        )
        return self._reached[stage.id]

    def passed_us(self, source: str) -> int:
        """The furthest that an operator behind a source has come to."""
        return max(map(self._reached.__getitem__, self._behind[source]), default=MIN_WATERMARK_US)

    def _port(self, stage: str, port: int, names: Iterable[str]) -> tuple[int, bool]:
        """What a port has come to, and whether all its inputs are silent."""
        reached = self._ports[stage, port]
        marks = {name: self.watermarks[name] for name in names}
        active = [mark for name, mark in marks.items() if name not in self._idle]
        if not active:
            return max(reached, *marks.values()), True
        return min((m for m in active if m >= reached), default=reached), False

    def standing_us(self, edge: FusedStage, stage: OperatorStage, own_us: Int64s) -> Int64s:
        """The watermark of an operator as each row of an input comes, whose own is `own_us`."""
        reached = self._ports[stage.id, edge.port]
        beside = [
            self.watermarks[name]
            for name in self._inputs[stage.id][edge.port] - self._idle
            if name != edge.input
        ]
        least = min((m for m in beside if m >= reached), default=MAX_WATERMARK_US)
        port = np.where(own_us >= reached, np.minimum(own_us, least), reached)
        other = [
            self._ports[stage.id, p]
            for p in self._inputs[stage.id]
            if p != edge.port and not self._silent(stage, p)
        ]
        standing = np.minimum(np.maximum(port, reached), min(other, default=MAX_WATERMARK_US))
        floor: Int64s = np.maximum(standing, self._reached[stage.id])
        return floor

    def _silent(self, stage: OperatorStage, port: int) -> bool:
        return self._inputs[stage.id][port] <= self._idle

    # -- checkpoints

    def snapshot(self, stages: Iterable[OperatorStage]) -> dict[str, int]:
        """The watermarks of operators and of their ports."""
        found: dict[str, int] = {}
        for stage in stages:
            found[stage.id] = self.watermarks[stage.id]
            for port in self._inputs[stage.id]:
                found[f"{stage.id}{_PORT}{port}"] = self._ports[stage.id, port]
            found[f"{stage.id}{_PORT}"] = self._reached[stage.id]
        return found

    def restore(self, snapshot: Mapping[str, int]) -> None:
        """Go on from a checkpoint; who was silent must be seen anew."""
        for name, mark in snapshot.items():
            stage, _, port = name.partition(_PORT)
            if port:
                self._ports[stage, int(port)] = mark
            elif name.endswith(_PORT):
                self._reached[stage] = mark
            else:
                self.watermarks[name] = mark
