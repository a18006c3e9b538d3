"""Statements are cut at the right places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.control.sql_text import (
    EXPLAIN_WORDS,
    first_words,
    is_complete,
    split_statements,
    without_first_words,
)


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        (" ; ;\n", []),
        ("-- only a comment; here\n", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';' ; SELECT `a;b`", ["SELECT ';'", "SELECT `a;b`"]),
        ("SELECT 'it''s;' -- x;y\n;", ["SELECT 'it''s;' -- x;y"]),
        ("SELECT /* ; */ 1;", ["SELECT /* ; */ 1"]),
        (
            "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END; x",
            [
                "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END",
                "x",
            ],
        ),
        ("BEGIN STATEMENT SET; INSERT INTO a SELECT 1; END;", None),
    ],
)
def test_split(text: str, statements: list[str] | None) -> None:
    assert split_statements(text) == (statements if statements is not None else [text[:-1]])


@pytest.mark.parametrize(
    ("text", "complete"),
    [("", True), ("SELECT 1", False), ("SELECT 1;", True), ("SELECT ';", False), ("a; b", False)],
)
def test_is_complete(text: str, complete: bool) -> None:
    assert is_complete(text) is complete


def test_words_and_comments() -> None:
    assert first_words("-- x\n/* y */ show  tables now more") == ("SHOW", "TABLES", "NOW")
    assert without_first_words("/* y */ explain plan FOR x", EXPLAIN_WORDS) == (
        "/* y */                  x"
    )


@given(st.text())
def test_nothing_but_separators_is_lost(text: str) -> None:
    joined = "".join(split_statements(text))
    for sign in set("".join(text.split())) - set(";'`-/*"):
        assert joined.count(sign) >= text.count(sign) or "--" in text or "/*" in text
