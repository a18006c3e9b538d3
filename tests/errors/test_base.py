"""Errors render for people and for machines, and every code is declared."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.errors import (
    CATALOGUE,
    ComponentError,
    ProjectError,
    SqlError,
    TextWhere,
    TidemillError,
    UsageError,
    Where,
    did_you_mean,
)
from tidemill.errors.where import Span

SOURCE = Path(__file__).parents[2] / "src" / "tidemill"
SOME_CODE = "project.unknown-option"


def test_text_place_shows_line_column_and_caret() -> None:
    text = "SELECT a,\n\tfare_amont\nFROM t"
    start = text.index("fare_amont")
    error = SqlError(
        "no column `fare_amont`",
        code=SOME_CODE,
        where=TextWhere("p.sql", text, Span(start, start + 10)),
        hint="Did you mean `fare_amount`?",
    )
    assert error.render() == (
        f"error[{SOME_CODE}]: no column `fare_amont`\n"
        "  --> p.sql:2:2\n"
        "  |\n"
        "2 | \tfare_amont\n"
        "  | \t^^^^^^^^^^\n"
        "hint: Did you mean `fare_amount`?"
    )
    assert error.as_dict()["where"] == {"file": "p.sql", "line": 2, "column": 2}


def test_a_span_over_several_lines_is_underlined_on_its_first() -> None:
    where = TextWhere("p.sql", "a\nbcd\ne", Span(2, 7))
    assert where.snippet().splitlines()[-1] == "  | ^^^"


def test_a_span_at_the_very_end_still_has_a_caret() -> None:
    where = TextWhere("p.sql", "SELECT", Span(6, 6))
    assert str(where) == "p.sql:1:7"
    assert where.snippet().endswith("^")


def test_running_place_names_only_what_is_known() -> None:
    where = Where(pipeline="taxi", topic="t", partition=0, offset=42)
    assert str(where) == "pipeline taxi, topic t, partition 0, offset 42"


def test_an_undeclared_code_is_a_programming_error() -> None:
    with pytest.raises(AssertionError, match="not declared"):
        TidemillError("x", code="room.never-declared")


def test_exit_codes() -> None:
    assert (ProjectError.exit_code, UsageError.exit_code, ComponentError.exit_code) == (1, 2, 3)


def test_codes_and_meanings_have_one_form() -> None:
    for code, meaning in CATALOGUE.items():
        assert re.fullmatch(r"[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*", code), code
        begins = meaning[0].isupper() or meaning.startswith("tidemill.yaml ")
        assert begins and meaning.endswith("."), (code, meaning)


def test_every_declared_code_is_used() -> None:
    text = "\n".join(
        file.read_text() for file in SOURCE.rglob("*.py") if file.parent.name != "codes"
    )
    # A room may raise its codes by their bare names.
    named = (code for code in CATALOGUE if f'"{code.partition(".")[2]}"' not in text)
    assert [code for code in named if code not in text] == []


def test_did_you_mean() -> None:
    assert did_you_mean("fare_amont", ["fare_amount", "tip"]) == "Did you mean `fare_amount`?"
    assert did_you_mean("zzz", ["fare_amount"]) is None


@given(
    line=st.text("abc (),", min_size=1, max_size=300).map(str.rstrip).filter(bool),
    at=st.floats(0, 1, exclude_max=True),
    length=st.integers(1, 60),
    columns=st.integers(30, 120),
)
def test_a_long_line_is_cut_around_the_place(
    line: str, at: float, length: int, columns: int
) -> None:
    start = int(at * len(line))
    where = TextWhere("p.sql", line, Span(start, start + length))
    _, source, carets = where.snippet(columns).split("\n")
    assert len(source) <= columns
    assert len(carets) <= columns
    place = carets.index("^")
    assert source[place] == line[start]
    if len(line) + 4 <= columns:
        assert where.snippet(columns) == where.snippet()
