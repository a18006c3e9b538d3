"""Scenarios as plans: compiled once in a process, with one set of prepared queries each."""

from __future__ import annotations

from functools import cache

from tidemill.engine.accounting import AccountNode, account_nodes
from tidemill.interfaces.connector import Changelog, Connector
from tidemill.interfaces.options import Option, OptionSet, OptionType
from tidemill.model import TableDescriptor
from tidemill.plan import PhysicalPlan, build_plan
from tidemill.records import dataclass
from tidemill.sql import compile_script
from tidemill.testing.simulation.kernel import RememberingKernel
from tidemill.testing.simulation.scenarios import SCENARIOS, Scenario

DEAD = "dead"
"""The dead-letter table of every pipeline."""


def _changes(table: TableDescriptor, _: object) -> Changelog:
    return Changelog("changelog" in table.options)


def _given_apart(*_: object) -> object:
    raise AssertionError("the simulation gives the engine its sources and commit groups itself")


CONNECTOR = Connector(
    "simulated",
    OptionSet(
        "simulated",
        tuple(
            Option(key, OptionType.STRING, key)
            for key in ("changelog", "late-handling.mode", "scan.watermark.idle-timeout")
        ),
    ),
    bounded=lambda table, _: True,
    source_changelog=_changes,
    sink_changelog=_changes,
    source=_given_apart,  # type: ignore[arg-type]
    group_key=lambda table, _: "main",
    commit_group=_given_apart,  # type: ignore[arg-type]
)


_MEMORY = "SET 'tidemill.state.memory' = '256 mb';"
"""So that no life asks the machine how much it has."""


@dataclass(frozen=True)
class Pipeline:
    """A scenario that can be run."""

    scenario: Scenario
    plan: PhysicalPlan
    kernel: RememberingKernel
    nodes: tuple[AccountNode, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """All sinks, with the tables of late rows and dead letters."""
        return (*self.scenario.sinks, *self.scenario.late.values(), DEAD)


@cache
def pipeline(number: int) -> Pipeline:
    """The pipeline of a scenario, by its place in `SCENARIOS`."""
    scenario = SCENARIOS[number]
    connectors = {"simulated": CONNECTOR}
    script = compile_script(_MEMORY + scenario.text, f"{scenario.name}.sql", connectors, {})
    plan = build_plan(script, connectors, {})
    return Pipeline(scenario, plan, RememberingKernel(), tuple(account_nodes(plan)))
