"""Regular expressions as Java has them, for patterns that RE2 cannot follow or that are columns.

A pattern that Java refuses gives NULL (FALSE from REGEXP), as in Flink. One that Java takes but
that is not followed here fails the row.
"""

from __future__ import annotations

import re

import pyarrow as pa

from tidemill.plan.lowering.arrow.base import ArrowFunction, ArrowTable, BadValueError, per_value
from tidemill.sql.functions.java_regex import JavaPattern, PatternError, java_pattern


def pattern_of(pattern: str, value: str) -> JavaPattern | None:
    """The pattern, made to match in `value`; None where Java refuses it."""
    try:
        known = java_pattern(pattern)
    except PatternError as error:
        if error.invalid:
            return None
        raise BadValueError(f"the regular expression {pattern!r} has {error}") from None
    if known.word_bounds and not value.isascii():
        raise BadValueError(f"\\b finds no certain place in {value!r}")
    return known


def _found(value: str, pattern: str) -> re.Match[str] | None:
    known = pattern_of(pattern, value)
    return None if known is None else known.compiled.search(value)


def _all(value: str, pattern: str) -> list[re.Match[str]] | None:
    known = pattern_of(pattern, value)
    if known is None:
        return None
    found = list(known.compiled.finditer(value))
    if any(match.end() == match.start() for match in found) and max(value, default="") > "\uffff":
        raise BadValueError(f"Java finds nothing also inside a character of {value!r}")
    return found


def _regexp(value: str, pattern: str) -> bool:
    return bool(pattern) and _found(value, pattern) is not None


def _extract(value: str, pattern: str, group: int) -> str | None:
    found = _found(value, pattern)
    if found is None or not 0 <= group <= found.re.groups:
        return None
    return found[group]


def _extract_all(value: str, pattern: str, group: int) -> list[str | None] | None:
    found = _all(value, pattern)
    if found is None or not 0 <= group <= java_pattern(pattern).groups:
        return None
    return [match[group] for match in found]


def _replace(value: str, pattern: str, replacement: str) -> str | None:
    found = _all(value, pattern)
    if found is None:
        return None
    starts = [0, *(match.end() for match in found)]
    ends = [*(match.start() for match in found), len(value)]
    return replacement.join(value[i:j] for i, j in zip(starts, ends, strict=True))


def _count(value: str, pattern: str) -> int | None:
    found = _all(value, pattern)
    return None if found is None else len(found)


def _position(value: str, pattern: str) -> int | None:
    """From 1, in Java's chars, of which a character beyond U+FFFF takes two; 0 for none."""
    if pattern_of(pattern, value) is None:
        return None
    found = _found(value, pattern)
    if found is None:
        return 0
    before = value[: found.start()]
    return len(before) + sum(character > "\uffff" for character in before) + 1


_TEXTS = ("VARCHAR", "VARCHAR")

FUNCTIONS: ArrowTable = {
    "flink_regexp": ArrowFunction(_TEXTS, "BOOLEAN", per_value(_regexp, pa.bool_())),
    "flink_regexp_extract": ArrowFunction(
        (*_TEXTS, "INTEGER"), "VARCHAR", per_value(_extract, pa.string())
    ),
    "flink_regexp_extract_all": ArrowFunction(
        (*_TEXTS, "INTEGER"), "VARCHAR[]", per_value(_extract_all, pa.list_(pa.string()))
    ),
    "flink_regexp_replace": ArrowFunction(
        (*_TEXTS, "VARCHAR"), "VARCHAR", per_value(_replace, pa.string())
    ),
    "flink_regexp_count": ArrowFunction(_TEXTS, "INTEGER", per_value(_count, pa.int32())),
    "flink_regexp_instr": ArrowFunction(_TEXTS, "INTEGER", per_value(_position, pa.int32())),
}
