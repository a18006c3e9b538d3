"""MATCH_RECOGNIZE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.errors import TextWhere
from tidemill.records import dataclass
from tidemill.sql.logical.fields import Fields, SortKey
from tidemill.sql.match import AfterMatchSkip, MatchCondition, MatchTerm, PatternVariable

if TYPE_CHECKING:
    from tidemill.sql.logical.node import LogicalNode


@dataclass(frozen=True, slots=True, eq=False)
class MatchRecognize:
    """MATCH_RECOGNIZE, one row per match: rows of a partition, in order, that fit the pattern.

    `order` begins with the time attribute, ascending. `conditions` are by the variable's place;
    one without is met by every row. A match whose last row is `within_ms` or more after its first
    is none. Fields: the `keys`, which are columns of the input, the values of `terms` over the
    whole match, and with `rowtime` the event time at which the match came out.
    """

    input: LogicalNode
    keys: tuple[int, ...]
    order: tuple[SortKey, ...]
    pattern: tuple[PatternVariable, ...]
    conditions: tuple[MatchCondition | None, ...]
    within_ms: int | None
    skip: AfterMatchSkip
    skip_variable: int | None
    terms: tuple[MatchTerm, ...]
    rowtime: bool
    fields: Fields
    where: TextWhere | None = None
