"""Matches that Flink's planner takes for one: those that differ in MEASURES or WITHIN alone.

Calcite tells plan nodes apart by a text of them, and that of MATCH_RECOGNIZE names neither (seen on
2.3: the optimized plan holds one Match for both, with what one of them says). So the other gets its
rows too. What we would give is what was asked for, and not what Flink gives: it is refused.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

from tidemill.errors import SqlError
from tidemill.sql.binder.shapes import aggregate_without_spans, without_spans
from tidemill.sql.logical import Insert, LogicalNode, MatchRecognize, Project, Select, inputs
from tidemill.sql.match import MatchAggregate, MatchTerm
from tidemill.sql.render import render


def check_alike(inserts: Sequence[Insert], selects: Sequence[Select]) -> None:
    """SqlError for two matches that Flink merges: in all INSERTs, or in one SELECT."""
    for roots in ([insert.query for insert in inserts], *([s.query] for s in selects)):
        seen: dict[int, LogicalNode] = {}
        found = [pair for root in roots for pair in _matches(root, seen)]
        if len(found) > 1:
            _check(found)


def _check(found: Sequence[tuple[Project, MatchRecognize]]) -> None:
    first: dict[Hashable, tuple[Project, MatchRecognize]] = {}
    for measures, match in found:
        key = _told_apart_by(measures, match)
        other_measures, other = first.setdefault(key, (measures, match))
        if match.within_ms != other.within_ms:
            raise _refused("WITHIN", match)
        if _measured(measures, match) != _measured(other_measures, other):
            raise _refused("MEASURES", match)


def _told_apart_by(measures: Project, match: MatchRecognize) -> Hashable:
    outputs = tuple((field.name, field.type.with_nullable(True)) for field in measures.fields)
    skip = (match.skip, match.skip_variable)
    order = [(without_spans(key.expression), key.descending) for key in match.order]
    conditions = [
        condition and (without_spans(condition.expression), _values(condition.terms))
        for condition in match.conditions
    ]
    pattern = (match.keys, tuple(order), match.pattern, tuple(conditions))
    return (render(match.input), *pattern, *skip, outputs)


def _values(terms: Sequence[MatchTerm]) -> tuple[MatchTerm, ...]:
    return tuple(
        replace(term, call=aggregate_without_spans(term.call))
        if isinstance(term, MatchAggregate)
        else term
        for term in terms
    )


def _measured(measures: Project, match: MatchRecognize) -> Hashable:
    return _values(match.terms), tuple(map(without_spans, measures.expressions))


def _matches(
    node: LogicalNode, seen: dict[int, LogicalNode]
) -> Iterator[tuple[Project, MatchRecognize]]:
    """Each match below a node with the projection that computes its measures, once."""
    if id(node) in seen:
        return
    seen[id(node)] = node
    for child in inputs(node):
        if isinstance(node, Project) and isinstance(child, MatchRecognize):
            yield node, child
        yield from _matches(child, seen)


def _refused(clause: str, match: MatchRecognize) -> SqlError:
    return SqlError(
        f"two MATCH_RECOGNIZE that differ only in {clause} are not supported in one job",
        code="sql.not-supported",
        where=match.where,
        detail="Flink's planner takes them for the same, and gives both the rows of one.",
        hint="Give a measure another name in one of them, or run them as two pipelines.",
    )
