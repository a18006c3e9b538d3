"""`tidemill lineage`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.cli.output import data, data_json
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from tidemill.control.lineage import Lineage, LineageNode


def lineage(*, common: Common = COMMON) -> None:
    """Show where rows come from and go to.

    Tables, connectors, topics, pipelines, sinks, and the models of dbt's last build (tidemill dbt
    build), as a tree from each beginning. No server needs to run.

    Args:
        common: the options of every verb.
    """
    from tidemill.control.lineage import lineage as made  # noqa: PLC0415 - loaded when called

    found = made(common.project)
    if common.json:
        data_json(found.as_dict())
        return
    shown: set[str] = set()
    for root in found.roots():
        _show(found, root, 0, shown)


def _show(found: Lineage, node: LineageNode, depth: int, shown: set[str]) -> None:
    again = node.id in shown and found.after(node)
    data("  " * depth + f"{node.kind} {node.name}" + (" (as above)" if again else ""))
    if again:
        return
    shown.add(node.id)
    for after in found.after(node):
        _show(found, after, depth + 1, shown)


APP = verb("lineage", lineage, "tidemill lineage\ntidemill lineage --json")
