"""Java's regular expressions: the same matches in Python, and what is refused."""

from __future__ import annotations

import pytest

from tidemill.sql.functions.java_regex import PatternError, java_pattern, similar_to_java


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("a$", "a\n", ["a"]),
        ("a$", "a\r\n", ["a"]),
        ("$", "a\r\n", ["", ""]),
        (".+", "a\u2028b", ["a", "b"]),
        ("(?s).+", "a\nb", ["a\nb"]),
        ("(?m)^.", "a\nb\n", ["a", "b"]),
        ("(?m)^", "", []),
        ("a(?i)b|c", "aB C", ["aB", "C"]),
        ("(?i:a)b", "Ab AB", ["Ab"]),
        ("(?i)é", "É", []),
        (r"\d+", "1٢3", ["1", "3"]),
        (r"(?<x>a)\k<x>", "aa", ["aa"]),
        (r"\Q.*\E+", "", None),
        (r"\Q.\E+", "...", ["..."]),
        (r"[a\-z]+", "a-z", ["a-z"]),
        (r"\p{Upper}\P{Upper}", "Ab", ["Ab"]),
        (r"\x{1F600}", "😀", ["😀"]),
        ("x*+x", "xxx", []),
        ("(?>x*)x", "xxx", []),
        ("(?<=a|b)c", "bc", ["c"]),
    ],
)
def test_matches_are_javas(pattern: str, text: str, found: list[str] | None) -> None:
    if found is None:
        with pytest.raises(PatternError):
            java_pattern(pattern)
        return
    assert [m[0] for m in java_pattern(pattern).compiled.finditer(text)] == found


@pytest.mark.parametrize("pattern", ["[0-9", "(", ")", "*a", "a{2,1}", "a**", "\\", "(?<1>a)"])
def test_a_pattern_that_java_refuses_is_told_apart(pattern: str) -> None:
    with pytest.raises(PatternError) as refused:
        java_pattern(pattern)
    assert refused.value.invalid


@pytest.mark.parametrize(
    "pattern", [r"\p{L}", "[a[b]]", "[a&&b]", r"\G", "(?x) a", "(?<=a*)b", r"\h", "[]a]"]
)
def test_what_python_would_read_otherwise_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError) as refused:
        java_pattern(pattern)
    assert not refused.value.invalid


def test_similar_to_takes_the_whole_text() -> None:
    assert java_pattern(similar_to_java("a%(b|c)_", None)).compiled.search("axxbz")
    assert not java_pattern(similar_to_java("a_", None)).compiled.search("abc")
    assert java_pattern(similar_to_java("!%", "!")).compiled.search("%")
