"""Suites as files: what is wrong is shown with its line, and nothing is dropped silently."""

from __future__ import annotations

import json

import pytest

from tidemill.errors import ProjectError, TextWhere
from tidemill.quality.great_expectations import exported, imported
from tidemill.quality.suites import parse_suite

HEAD = "on:\n  - {file: data.csv}\nexpectations:\n"


def refused(text: str) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        parse_suite(text, "checks/rows.yaml", "rows")
    assert isinstance(caught.value.where, TextWhere)
    return caught.value


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        ("- type: expect_column_values_to_be_nul\n  kwargs: {column: a}",
         "quality.unknown-expectation", "nul"),
        ("- type: expect_column_to_exist", "quality.bad-argument", "needs `column`"),
        ("- type: expect_column_to_exist\n  kwargs: {colum: a}", "quality.bad-argument", "`colum`"),
        ("- type: expect_column_values_to_be_between\n  kwargs: {column: a}",
         "quality.bad-argument", "`min_value` or `max_value`"),
        ("- type: expect_column_values_to_not_be_null\n  kwargs: {column: a, mostly: 2}",
         "quality.bad-argument", "a share from 0 to 1"),
        ("- type: expect_column_values_to_match_regex\n  kwargs: {column: a, regex: '(?=x)'}",
         "quality.bad-argument", "RE2"),
        ("- type: expect_table_row_count_to_equal\n  kwargs: {value: 1}\n  action: dead-letter",
         "quality.bad-suite", "no row to set aside"),
        ("- type: expect_column_to_exist\n  kwargs: {column: a}\n  action: drop",
         "quality.bad-suite", "`action` is one of"),
        ("- type: expect_column_to_exist\n  kwargs: {column: a}\n  sevrity: info",
         "quality.bad-suite", "sevrity"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_where_it_stands(text: str, code: str, shown: str) -> None:
    error = refused(HEAD + "".join(f"  {line}\n" for line in text.splitlines()))
    assert error.code == code
    assert shown in error.message
    assert "^" in error.render()


def test_a_target_has_one_of_three_forms() -> None:
    assert "a target is" in refused("on:\n  - {file: a.csv, table: b}\nexpectations: []").message
    assert refused("on: []\n").code == "quality.bad-suite"


@pytest.mark.parametrize(
    ("expectation", "shown"),
    [
        ({"type": "expect_column_values_to_be_json_parseable", "kwargs": {"column": "a"}},
         "expect_column_values_to_be_json_parseable"),
        ({"type": "expect_column_to_exist", "kwargs": {"column": "a", "row_condition": "b > 1"}},
         "row_condition"),
        ({"type": "expect_column_to_exist", "kwargs": {"column": "a"}, "windows": [{}]}, "windows"),
        ({"type": "expect_column_to_exist", "kwargs": {"column": {"$PARAMETER": "a"}}}, "`column`"),
    ],
)  # fmt: skip
def test_what_great_expectations_has_alone_is_refused(
    expectation: dict[str, object], shown: str
) -> None:
    with pytest.raises(ProjectError) as caught:
        imported(json.dumps({"name": "s", "expectations": [expectation]}), "s.json")
    assert caught.value.code == "quality.not-importable"
    assert shown in caught.value.message


def test_a_suite_goes_out_and_comes_back() -> None:
    text = HEAD + (
        "  - type: expect_column_values_to_be_in_set\n"
        "    kwargs: {column: a, value_set: [1, 2.5, x]}\n"
        "    severity: info\n    action: stop\n    meta: {why: contract}\n"
    )
    suite = parse_suite(text, "checks/rows.yaml", "rows")
    back = imported(json.dumps(exported(suite)), "rows.json")
    assert (back.name, back.targets, back.expectations) == (
        suite.name, suite.targets, suite.expectations
    )  # fmt: skip
