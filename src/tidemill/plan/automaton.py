"""The automaton of a pattern: which conditions lead a match that has begun from state to state.

It is Flink's: a row is tried by every way at once, a greedy variable lets no row pass that it would
take itself, and the order of the ways decides which of two matches with the same first row comes
out. So there is no backtracking, and what is greedy differs from what SQL's standard says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TypeAlias

from tidemill.records import dataclass
from tidemill.sql.match import PatternVariable

FINAL = -1
"""The state of a match that is complete."""

Test: TypeAlias = "tuple[int, bool]"
"""A variable, and whether its condition must be TRUE or must not."""
Tests: TypeAlias = "tuple[Test, ...]"


@dataclass(frozen=True, slots=True)
class Way:
    """One way of a row through a state: where all tests hold, a variable takes it.

    `ends`: the match may also end here, where all tests of one of them hold.
    """

    tests: Tests
    variable: int
    target: int
    ends: tuple[Tests, ...]


@dataclass(frozen=True, slots=True)
class Automaton:
    """The ways out of each state, in the order in which they are taken; the first is the start."""

    ways: tuple[tuple[Way, ...], ...]


@dataclass(slots=True)
class _Edge:
    """A transition that takes the row (`variable` set) or passes it on to the next state."""

    target: _State | None
    tests: Tests
    variable: int | None = None


@dataclass(slots=True, eq=False)
class _State:
    edges: list[_Edge] = field(default_factory=list)

    def takes(self, variable: int, target: _State | None) -> None:
        self.edges.append(_Edge(target, ((variable, True),), variable))

    def passes(self, target: _State | None) -> None:
        self.edges.append(_Edge(target, ()))


def automaton(pattern: Sequence[PatternVariable]) -> Automaton:
    """The automaton of a pattern, made from its end to its start."""
    state: _State | None = None
    for place in reversed(range(len(pattern))):
        state = _variable(place, pattern[place], state)
    assert state is not None
    numbers: dict[int, int] = {id(state): 0}
    found = [state]
    for one in found:
        for edge in one.edges:
            if edge.target is not None and id(edge.target) not in numbers:
                numbers[id(edge.target)] = len(found)
                found.append(edge.target)
    return Automaton(tuple(tuple(_ways(one, numbers)) for one in found))


def _variable(place: int, variable: PatternVariable, behind: _State | None) -> _State:
    """The first state of a variable's, before the states of the next one."""
    optional, least = variable.least == 0, max(variable.least, 1)
    last = behind
    if variable.most is None:
        last = _State()
        last.passes(behind)
        if variable.greedy:
            _refuse(behind, place)
        last.takes(place, last)
    else:
        if variable.greedy:
            _refuse(behind, place)
        for _ in range(least, variable.most):
            last = _once(place, last, behind, optional=True)
    for _ in range(least - 1):
        last = _once(place, last, behind, optional=False)
    return _once(place, last, behind, optional)


def _once(place: int, target: _State | None, behind: _State | None, optional: bool) -> _State:
    state = _State()
    state.takes(place, target)
    if optional:
        state.passes(behind)
    return state


def _refuse(state: _State | None, place: int) -> None:
    """Behind a greedy variable comes only what it does not take."""
    for edge in state.edges if state is not None else ():
        edge.tests = (*edge.tests, (place, False))


def _ways(state: _State, numbers: dict[int, int]) -> list[Way]:
    ways: list[Way] = []
    stack: list[tuple[_State, Tests]] = [(state, ())]
    while stack:
        one, tests = stack.pop()
        for edge in one.edges:
            reached = (*tests, *edge.tests)
            if edge.variable is None:
                if edge.target is not None:
                    stack.append((edge.target, reached))
                continue
            target = FINAL if edge.target is None else numbers[id(edge.target)]
            ways.append(Way(reached, edge.variable, target, _ends(edge.target)))
    return ways


def _ends(state: _State | None) -> tuple[Tests, ...]:
    """The tests of each path to the end on which no further row is taken."""
    found: list[Tests] = []
    stack: list[tuple[_State, Tests]] = [] if state is None else [(state, ())]
    while stack:
        one, tests = stack.pop()
        for edge in one.edges:
            if edge.variable is None and edge.target is None:
                found.append((*tests, *edge.tests))
            elif edge.variable is None and edge.target is not None:
                stack.append((edge.target, (*tests, *edge.tests)))
    return tuple(found)
