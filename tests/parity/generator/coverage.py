"""What generated queries cover: the operators of their plans, of all that there are."""

from __future__ import annotations

from collections.abc import Iterator

from tidemill.plan.operators import PLANNERS
from tidemill.sql.logical import LogicalNode, Script, inputs

ELSEWHERE = {"PythonCalc": "python", "CurrentWatermark": "windows"}
"""Operators without generated queries, and the topic of the corpus that has their cases: Python
functions start a process for each job on Flink, CURRENT_WATERMARK is placed by the plan only."""


def operators(script: Script) -> set[str]:
    """The stateful operators of a script's queries, as `operator:Join`."""
    names = {kind.__name__ for kind in PLANNERS}
    found = {type(node).__name__ for select in script.selects for node in _nodes(select.query)}
    return {f"operator:{name}" for name in found & names}


def _nodes(node: LogicalNode) -> Iterator[LogicalNode]:
    yield node
    for part in inputs(node):
        yield from _nodes(part)
