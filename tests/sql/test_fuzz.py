"""Whatever the text, the answer is a plan or an SqlError, soon, which points into the text."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidemill.errors import SqlError, TextWhere

HERE = Path(__file__).parent
GOOD = [path.read_text() for path in sorted((HERE / "plans").glob("*.sql"))]
BAD = [path.read_text() for path in sorted((HERE / "errors").glob("*.sql"))]
SNIPPETS = [
    "SELECT", "FROM", "(", ")", ",", ";", "'", "`", "/*", "*/", "--", "/*+", "\n", "*", ".", "::",
    "[", "]", "<", ">", "<>", "||", "=>", "-", "1", "1e999", "9" * 40, "0x1F", "x'0", "INTERVAL",
    "NULL", "CASE", "WHEN", "END", "NOT", "IN", "BETWEEN", "AND", "IS", "CAST", "AS", "ROW", "MAP",
    "ARRAY", "TABLE", "TUMBLE", "DESCRIPTOR", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "UNION",
    "WITH", "VALUES", "INSERT INTO", "CREATE TABLE", "CREATE VIEW v AS", "SET", "USE", "DROP",
    "LIKE", "EXECUTE STATEMENT SET BEGIN", "BEGIN STATEMENT SET;", "WATERMARK FOR", "METADATA",
    "PRIMARY KEY", "DECIMAL(", "TIMESTAMP", "COUNT(*)", "SUM(", "OVER (", "FILTER (WHERE",
    "${server:x}", "\x00", "\u00e9", "\U0001f600", "\\", '"', "?", "@", "#", "{", "}", "é'",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(GOOD + BAD))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 30)))
        other = draw(st.sampled_from(GOOD + BAD))
        at = draw(st.integers(0, len(other)))
        piece = draw(
            st.one_of(
                st.sampled_from(SNIPPETS),
                st.just(""),
                st.text(max_size=3),
                st.just(other[at : at + draw(st.integers(0, 60))]),
            )
        )
        text = text[:start] + piece + text[stop:]
    return text


def _holds(compiled, text: str) -> None:
    started = time.monotonic()
    try:
        compiled(text)
    except SqlError as error:
        assert isinstance(error.where, TextWhere)
        assert 0 <= error.where.span.start <= error.where.span.end <= len(text)
        assert error.message[:1] != ""
        error.render()
    assert time.monotonic() - started < 10


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=mutated())
def test_mutated_files_never_break_it(compiled, text: str) -> None:
    _holds(compiled, text)


@settings(max_examples=100, deadline=None)
@given(parts=st.lists(st.sampled_from(SNIPPETS), max_size=25))
def test_shuffled_words_never_break_it(compiled, parts: list[str]) -> None:
    _holds(compiled, " ".join(parts))


@settings(max_examples=60, deadline=None)
@given(text=mutated())
def test_check_finds_an_error_exactly_where_compile_does(compiled, check, text: str) -> None:
    errors = check(text)
    try:
        compiled(text)
    except SqlError as error:
        assert errors
        assert errors[0].render() == error.render()
    else:
        assert errors == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "SELECT " + "NOT " * 5000 + "TRUE",
        "SELECT " + "- " * 5000 + "1",
        "SELECT 1" + " + 1" * 5000,
        "SELECT 1" + " IS NULL" * 3000,
        "SELECT a" + ".a" * 5000 + " FROM t",
        "SELECT f(" * 3000,
        "SELECT CASE WHEN " * 2000,
        "SELECT * FROM (" * 3000,
        "SELECT CAST(1 AS " + "ARRAY<" * 3000,
        "SELECT ARRAY[1]" + "[1]" * 3000,
        "WITH a AS (" * 2000,
        "SELECT 1 UNION ALL " * 2000 + "SELECT 1",
        "SELECT " + " AND ".join(["TRUE"] * 20000),
        "/*+" * 3000,
        "SELECT 1 /*+ " * 200 + "*/" * 200,
        ";" * 100000,
        "'" * 99999,
    ],
    ids=lambda text: text[:20],
)
def test_huge_and_deep_texts_are_answered(compiled, text: str) -> None:
    _holds(compiled, text)
