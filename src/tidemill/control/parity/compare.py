"""The comparison rules: when two results are the same, and how they differ.

Results are compared by what they materialise to, as multisets of rows: an append-only result is its
own rows. A changelog must be legal: nothing is taken back that is not there. Floats agree within
1e-9 relative (NaN with NaN); everything else, the types included, must be equal. Whether a type is
NOT NULL is left out.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tidemill.control.parity.results import QueryResult
from tidemill.model import DataType, RowKind
from tidemill.records import dataclass

RELATIVE = 1e-9
_ADDS = (RowKind.INSERT, RowKind.UPDATE_AFTER)

Plain = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What two results disagree about; rows that only one has, each as often as it is missing."""

    types: tuple[str, ...] = ()
    illegal: tuple[str, ...] = ()
    only_left: tuple[Plain, ...] = ()
    only_right: tuple[Plain, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.types or self.illegal or self.only_left or self.only_right)

    def lines(self, left: str, right: str, rows_max: int = 20) -> list[str]:
        """The difference for a person, row by row."""
        said = [*self.types, *self.illegal]
        for name, rows in ((left, self.only_left), (right, self.only_right)):
            said += [f"only {name}: {row}" for row in rows[:rows_max]]
            if len(rows) > rows_max:
                said.append(f"only {name}: ... and {len(rows) - rows_max} more rows")
        return said


def compare(left: QueryResult, right: QueryResult, names: tuple[str, str]) -> Difference:
    """What two results of one query disagree about."""
    types = tuple(
        f"column {index + 1} is {_shown(a)} {names[0]}, {_shown(b)} {names[1]}"
        for index, (a, b) in enumerate(zip(left.types, right.types, strict=False))
        if _bare(a) != _bare(b)
    )
    if len(left.types) != len(right.types):
        types += (f"{len(left.types)} columns {names[0]}, {len(right.types)} {names[1]}",)
    a, illegal_a = materialise(left)
    b, illegal_b = materialise(right)
    illegal = tuple(
        f"{name} takes back a row that is not there: {row}"
        for name, rows in zip(names, (illegal_a, illegal_b), strict=True)
        for row in rows
    )
    only_left, only_right = multiset_difference(a, b)
    return Difference(types, illegal, tuple(only_left), tuple(only_right))


def materialise(result: QueryResult) -> tuple[list[Plain], list[Plain]]:
    """The rows that are there in the end, and those taken back without having been there."""
    counts: Counter[str] = Counter()
    rows: dict[str, Plain] = {}
    illegal = []
    for change in result.changes:
        key = repr(change.values)
        rows[key] = change.values
        if change.kind in _ADDS:
            counts[key] += 1
        elif counts[key] > 0:
            counts[key] -= 1
        else:
            illegal.append(change.values)
    return [rows[key] for key, count in counts.items() for _ in range(count)], illegal


def multiset_difference(
    left: Sequence[Plain], right: Sequence[Plain]
) -> tuple[list[Plain], list[Plain]]:
    """Rows of each side that have no partner on the other."""
    exactly_left, exactly_right = (Counter(map(repr, rows)) for rows in (left, right))
    ours = _by_exact_part(_without(left, exactly_right))
    theirs = _by_exact_part(_without(right, exactly_left))
    only_left: list[Plain] = []
    only_right: list[Plain] = []
    for key in dict.fromkeys((*ours, *theirs)):
        unmatched = list(theirs.get(key, ()))
        for row in ours.get(key, ()):
            partner = next((i for i, o in enumerate(unmatched) if _close(row, o)), None)
            if partner is None:
                only_left.append(row)
            else:
                unmatched.pop(partner)
        only_right += unmatched
    return sorted(only_left, key=repr), sorted(only_right, key=repr)


def _without(rows: Sequence[Plain], others: Counter[str]) -> list[Plain]:
    """The rows without those that have an equal one among the others, each used once."""
    left = others.copy()
    kept = []
    for row in rows:
        key = repr(row)
        if left[key] > 0:
            left[key] -= 1
        else:
            kept.append(row)
    return kept


def _by_exact_part(rows: Sequence[Plain]) -> Mapping[str, list[Plain]]:
    groups: defaultdict[str, list[Plain]] = defaultdict(list)
    for row in rows:
        groups[repr(_without_floats(row))].append(row)
    for group in groups.values():
        group.sort(key=repr)
    return groups


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return 0.0
    if isinstance(value, list | tuple):
        return [_without_floats(item) for item in value]
    return value


def _close(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        same = math.isnan(left) and math.isnan(right)
        return same or math.isclose(left, right, rel_tol=RELATIVE)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_close, left, right))
    return bool(left == right)


def _bare(kind: DataType) -> DataType:
    """The type without any NOT NULL, and without the names of a row's generated fields."""
    return replace(
        kind,
        nullable=True,
        element=_bare(kind.element) if kind.element else None,
        key=_bare(kind.key) if kind.key else None,
        value=_bare(kind.value) if kind.value else None,
        fields=tuple(replace(field, type=_bare(field.type)) for field in kind.fields),
    )


def _shown(kind: DataType) -> str:
    return str(_bare(kind))
