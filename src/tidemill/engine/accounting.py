"""Row accounting: do the counts add up, from what was read to what was written?

Each line of the account is a balance: what came, and where all of it went. A difference means
that rows were lost or made up, so the engine does not commit an epoch whose lines do not add up.

    source    records + expanded = emitted + skipped + dead
    operator  emitted by its inputs + expanded = out + filtered + late + dead
    sink      emitted by its inputs + expanded = out + filtered + dead + refused
    letters   dead and lost, of sources and operators = reported
    late      late rows of a source that keeps them = written

`out` of an operator is what it took into its work; what comes out of that (`emitted`) may be more
or less, as with windows and joins. `expanded` and `filtered` are the rows by which a step gave more
or fewer than it got, batch by batch. `refused` is what the sink's server did not take. `before`,
after a change of the pipeline, are rows that came before a node took part; below zero: rows that a
table has of statements that are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from tidemill.errors import EngineError, Where
from tidemill.plan.physical import PhysicalPlan
from tidemill.records import dataclass

_WENT = ("out", "filtered", "late", "dead")
LETTERS = "letters"
LATE = "late"


@dataclass(frozen=True, slots=True)
class AccountNode:
    """A source, operator or output; `inputs` are the nodes of its edges, one for each edge."""

    id: str
    kind: str
    title: str
    inputs: tuple[str, ...] = ()
    keeps_late: bool = False
    """Whether the late rows of a source are written to its `$late` table."""


@dataclass(frozen=True, slots=True)
class Account:
    """One balance; `came + expanded` must be the sum of `went`."""

    id: str
    kind: str
    title: str
    came: int
    expanded: int
    went: Mapping[str, int]
    also: Mapping[str, int] = field(default_factory=dict)
    """Counts that are no part of the balance: emitted, unmatched, lost, retractions."""

    @property
    def missing(self) -> int:
        """Rows that nobody can account for; below zero: rows from nowhere."""
        return self.came + self.expanded - sum(self.went.values())

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "id": self.id, "kind": self.kind, "title": self.title, "came": self.came,
            "expanded": self.expanded, "went": dict(self.went), "also": dict(self.also),
            "missing": self.missing,
        }  # fmt: skip


def account_nodes(plan: PhysicalPlan) -> list[AccountNode]:
    """The nodes of a plan; a source's and a sink's title is the name of its table."""
    nodes = [
        AccountNode(s.id, "source", s.table.name, (), s.late_mode == "table") for s in plan.sources
    ]
    for operator in plan.operators:
        inputs = tuple(edge.input for edge in operator.edges)
        nodes.append(AccountNode(operator.id, "operator", operator.title, inputs))
    for output in plan.outputs:
        inputs = tuple(edge.input for edge in output.edges)
        if output.sink is None:
            nodes.append(AccountNode(output.id, "collect", "SELECT", inputs))
        else:
            nodes.append(AccountNode(output.id, "sink", output.sink.name, inputs))
    return nodes


def accounts(nodes: Iterable[AccountNode], counts: Mapping[str, int]) -> list[Account]:
    """The account of a pipeline from its counters, in the order of the nodes."""
    nodes = list(nodes)
    lines = _sources(nodes, counts)
    lines += [_operator(n, counts) for n in nodes if n.kind in ("operator", "collect")]
    lines += _sinks(nodes, counts)
    lost = sum(counts.get(f"{n.id}.lost", 0) + counts.get(f"{n.id}.dead", 0)
               for n in nodes if n.kind != "source")  # fmt: skip
    dead = lost + sum(one.went["dead"] for one in lines if one.kind == "source")
    reported = counts.get("letters.reported", 0)
    if dead or reported:
        lines.append(Account(LETTERS, LETTERS, "dead letters", dead, 0, {"written": reported}))
    return lines


def unaccounted(lines: Iterable[Account]) -> list[Account]:
    """The lines that do not add up."""
    return [line for line in lines if line.missing]


def check_account(job: str, nodes: Iterable[AccountNode], counts: Mapping[str, int]) -> None:
    """Raise EngineError where the counts do not add up: nothing of it may be committed."""
    wrong = unaccounted(accounts(nodes, counts))
    if wrong:
        raise EngineError(
            f"{abs(wrong[0].missing)} rows of {wrong[0].title} ({wrong[0].id}) are not "
            "accounted for",
            code="engine.rows-unaccounted",
            where=Where(pipeline=job),
            detail="\n".join(str(line.as_dict()) for line in wrong),
            hint="The epoch was not committed, so nothing is lost. This is a fault of "
            "Tidemill: please report it with this message.",
        )


def _sources(nodes: list[AccountNode], counts: Mapping[str, int]) -> list[Account]:
    """A table that several statements read apart is read once for each: its counts are sums."""
    lines = []
    for name in dict.fromkeys(n.title for n in nodes if n.kind == "source"):
        stages = [n for n in nodes if n.kind == "source" and n.title == name]
        count = {
            key: counts.get(f"source.{name}.{key}", 0)
            for key in ("records", "expanded", "skipped", "dead", "late", "late_written")
        }
        went = {
            "out": sum(counts.get(f"{n.id}.emitted", 0) for n in stages),
            "skipped": count["skipped"],
            "dead": count["dead"],
            **_before(stages, counts),
        }
        also = {"late": count["late"]} if count["late"] else {}
        lines.append(
            Account(stages[0].id, "source", name, count["records"], count["expanded"], went, also)
        )
        if stages[0].keeps_late and count["late"]:
            written = {"written": count["late_written"]}
            lines.append(Account(f"{name}$late", LATE, f"{name}$late", count["late"], 0, written))
    return lines


def _operator(node: AccountNode, counts: Mapping[str, int]) -> Account:
    also = {key: counts.get(f"{node.id}.{key}", 0) for key in ("emitted", "unmatched", "lost")}
    return Account(
        node.id, node.kind, node.title,
        sum(counts.get(f"{one}.emitted", 0) for one in node.inputs),
        counts.get(f"{node.id}.expanded", 0),
        {key: counts.get(f"{node.id}.{key}", 0) for key in _WENT} | _before([node], counts),
        {key: value for key, value in also.items() if value},
    )  # fmt: skip


def _before(nodes: Iterable[AccountNode], counts: Mapping[str, int]) -> dict[str, int]:
    rows = sum(counts.get(f"{node.id}.before", 0) for node in nodes)
    return {"before": rows} if rows else {}


def _sinks(nodes: list[AccountNode], counts: Mapping[str, int]) -> list[Account]:
    """All statements that write one table together."""
    lines = []
    for name in dict.fromkeys(n.title for n in nodes if n.kind == "sink"):
        stages = [_operator(n, counts) for n in nodes if n.kind == "sink" and n.title == name]
        retractions = counts.get(f"sink.{name}.retractions", 0)
        went = {
            "out": counts.get(f"sink.{name}.out", 0),
            **{key: sum(s.went[key] for s in stages) for key in ("filtered", "late", "dead")},
            "refused": counts.get(f"sink.{name}.dead", 0),
            **_before([n for n in nodes if n.kind == "sink" and n.title == name], counts),
        }
        lines.append(
            Account(
                stages[0].id, "sink", name, sum(s.came for s in stages),
                sum(s.expanded for s in stages), went,
                {"retractions": retractions} if retractions else {},
            )
        )  # fmt: skip
    return lines
