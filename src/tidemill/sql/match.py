"""What a MATCH_RECOGNIZE is made of: the values that its node in `logical/` holds.

Pattern variables are known by their place in the PATTERN. The rows of a match are neighbours in
their partition, and each variable has a run of them, so a match is its first row and how many rows
each variable took.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from tidemill.records import dataclass
from tidemill.sql.expressions import AggregateCall, Expression


@dataclass(frozen=True, slots=True)
class PatternVariable:
    """A variable and how many rows it takes; `most` None is without a bound."""

    name: str
    least: int
    most: int | None
    reluctant: bool

    @property
    def greedy(self) -> bool:
        """Whether it takes every row it can, as Flink has it: not where the number is fixed."""
        fixed = self.least == self.most or (self.least, self.most) == (0, 1)
        return not self.reluctant and not fixed

    def __str__(self) -> str:
        words = {(1, 1): "", (0, 1): "?", (0, None): "*", (1, None): "+"}
        bounds = (self.least, self.most)
        most = "" if self.most is None else str(self.most)
        count = words.get(bounds, f"{{{self.least},{most}}}")
        if self.least == self.most != 1:
            count = f"{{{self.least}}}"
        return f"{self.name}{count}{'?' if self.reluctant else ''}"


@dataclass(frozen=True, slots=True)
class MatchReference:
    """FIRST or LAST (`last`) with an offset: a column of one of a variable's rows, else NULL.

    `variable` None is all rows of the match. While a row is being tested it is among the rows of
    the variable that it is tested for.
    """

    variable: int | None
    last: bool
    offset: int
    column: int


@dataclass(frozen=True, slots=True)
class MatchAggregate:
    """An aggregate over a variable's rows; its arguments are over the input's columns."""

    variable: int | None
    call: AggregateCall


MatchTerm: TypeAlias = "MatchReference | MatchAggregate"


@dataclass(frozen=True, slots=True)
class MatchCondition:
    """The condition of a variable, over the row's columns and then the values of `terms`."""

    expression: Expression
    terms: tuple[MatchTerm, ...]


class AfterMatchSkip(Enum):
    """Where the next match may begin: behind this one, at its second row, or at a variable's."""

    PAST_LAST_ROW = "PAST LAST ROW"
    TO_NEXT_ROW = "TO NEXT ROW"
    TO_FIRST = "TO FIRST"
    TO_LAST = "TO LAST"
