"""Java patterns: those that RE2 reads alike are written for it, all others are refused."""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.sql.functions.regex import translate
from tidemill.sql.functions.registry import FunctionArgumentError


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?<name>a)",
        r"a(?=b)",
        r"(?i)a",
        r"(a)\1",
        r"a*+",
        r"\bword\b",
        r"\p{L}+",
        r"[a&&b]",
        r"[[a]b]",
        r"a{2000}",
        r"a{,3}",
        r"*a",
        r"(a",
        r"a)",
        r"$a",
        r"\Qa\E",
        r"\x41",
        "a\\",
        r"^*",
        "[",
        "[]",
    ],
)
def test_refused(pattern: str) -> None:
    with pytest.raises(FunctionArgumentError) as refused:
        translate(pattern)
    assert refused.value.hint


def test_groups_that_may_take_no_part() -> None:
    assert translate(r"(a)(b)?(c(d))").sure_groups == (1, 3, 4)
    assert translate(r"(a)|(b)").sure_groups == ()
    assert translate(r"(a+){2,3}(b)*").sure_groups == (1,)
    assert translate(r"(?:x)(y)").groups == 1
    assert translate(r"a$").ends_with_line


_ATOMS = st.sampled_from(
    [
        "a",
        "b",
        r"\d",
        r"\w",
        r"\s",
        "[ab]",
        "[^a]",
        "[a-c0-9]",
        r"\.",
        "(a)",
        "(?:ab)",
        "(a|b)",
        "-",
    ]
)
_PIECES = st.tuples(_ATOMS, st.sampled_from(["", "*", "+", "?", "{1,2}", "*?"])).map("".join)
_PATTERNS = st.lists(_PIECES, min_size=1, max_size=5).map("".join)


@settings(max_examples=200, deadline=None)
@given(_PATTERNS, st.text("ab1 .-c", max_size=8))
def test_matches_what_the_pattern_means(pattern: str, value: str) -> None:
    translated = translate(pattern).text
    found = duckdb.execute(
        "SELECT regexp_matches(?, ?), regexp_extract(?, ?, 0)",
        [value, translated, value, translated],
    ).fetchall()[0]
    expected = re.search(pattern, value)
    assert found == (expected is not None, expected[0] if expected else "")
