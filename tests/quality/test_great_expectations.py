"""The same suite on the same rows by the real Great Expectations: the same verdicts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tidemill.control.checks.exchange import export_suite, import_suite
from tidemill.control.checks.run import run_checks
from tidemill.quality.suites import read_suite
from tidemill.services.environments import make_environment

PROGRAM = Path(__file__).with_name("great_expectations_program.py")
ROWS = """id,zone,fare,tip,at
1,a,10.5,1,2026-01-01
2,b,-3,2,2026-01-02
2,b9,,3,2026-01-03
4,<null>,7.25,9,2026-01-04
5,c,200,200,2026-01-05
"""
EXPECTED = [
    ("expect_column_values_to_not_be_null", {"column": "zone", "mostly": 0.8}, True),
    ("expect_column_values_to_not_be_null", {"column": "zone", "mostly": 0.81}, False),
    ("expect_column_values_to_be_between", {"column": "fare", "min_value": 0}, False),
    ("expect_column_values_to_be_between",
     {"column": "fare", "min_value": -3, "max_value": 200, "strict_max": True, "mostly": 0.75}, True),  # noqa: E501
    ("expect_column_values_to_be_between",
     {"column": "fare", "min_value": -3, "strict_min": True, "mostly": 0.76}, False),
    ("expect_column_values_to_be_in_set", {"column": "zone", "value_set": ["a", "b", "c"]}, False),
    ("expect_column_values_to_not_be_in_set", {"column": "id", "value_set": [3, 6]}, True),
    ("expect_column_values_to_match_regex", {"column": "zone", "regex": "^[a-z]$"}, False),
    ("expect_column_values_to_match_regex", {"column": "zone", "regex": "[0-9]", "mostly": 0.25}, True),  # noqa: E501
    ("expect_column_values_to_be_unique", {"column": "id"}, False),
    ("expect_column_values_to_be_unique", {"column": "zone"}, True),
    ("expect_column_values_to_be_of_type", {"column": "id", "type_": "int64"}, True),
    ("expect_column_values_to_be_of_type", {"column": "fare", "type_": "int64"}, False),
    ("expect_column_to_exist", {"column": "tip", "column_index": 3}, True),
    ("expect_column_to_exist", {"column": "tax"}, False),
    ("expect_column_values_to_not_be_null", {"column": "tax"}, False),
    ("expect_table_row_count_to_be_between", {"min_value": 5, "max_value": 5}, True),
    ("expect_table_row_count_to_equal", {"value": 4}, False),
    ("expect_compound_columns_to_be_unique", {"column_list": ["id", "zone"]}, True),
    ("expect_compound_columns_to_be_unique", {"column_list": ["id", "id"]}, False),
    ("expect_column_mean_to_be_between", {"column": "tip", "min_value": 43, "max_value": 43}, True),
    ("expect_column_min_to_be_between", {"column": "fare", "max_value": -3, "strict_max": True}, False),  # noqa: E501
    ("expect_column_max_to_be_between", {"column": "fare", "min_value": 200}, True),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "fare", "column_B": "tip"}, False),  # noqa: E501
    ("expect_column_pair_values_a_to_be_greater_than_b",
     {"column_A": "fare", "column_B": "tip", "or_equal": True, "mostly": 0.4,
      "ignore_row_if": "either_value_is_missing"}, True),
]  # fmt: skip


@pytest.mark.timeout(900)  # the environment is made the first time
def test_the_real_great_expectations_gives_the_same_verdicts(tmp_path: Path) -> None:
    (tmp_path / "tidemill.yaml").write_text("name: checked\n")
    (tmp_path / "rows.csv").write_text(ROWS.replace("<null>", ""))
    (tmp_path / "checks").mkdir()
    suite = {
        "name": "rows",
        "meta": {"owner": "data", "tidemill": {"on": [{"file": "rows.csv"}]}},
        "expectations": [
            {"type": type_, "kwargs": kwargs, "severity": "warning", "meta": {"number": number}}
            for number, (type_, kwargs, _) in enumerate(EXPECTED)
        ],
    }
    (tmp_path / "suite.json").write_text(json.dumps(suite))
    import_suite(tmp_path / "suite.json", tmp_path)
    (ours,) = run_checks(folder=tmp_path).results
    assert [r.success for r in ours.results] == [good for _, _, good in EXPECTED]

    exported = tmp_path / "exported.json"
    exported.write_text(json.dumps(export_suite("rows", tmp_path)))
    (tmp_path / "theirs.csv").write_text(ROWS)
    command = [make_environment("expectations"), PROGRAM, exported, tmp_path / "theirs.csv"]
    env = {"GX_ANALYTICS_ENABLED": "false", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout.splitlines()[-1])
    assert len(theirs["verdicts"]) == len(EXPECTED)
    for number, mine in enumerate(ours.results):
        success, unexpected = theirs["verdicts"][str(number)]
        assert success == mine.success, mine.expectation.label
        if mine.unexpected is not None:
            assert unexpected == mine.unexpected, mine.expectation.label

    # What Great Expectations made of the suite comes back as the suite that was.
    (tmp_path / "checks" / "rows.yaml").rename(tmp_path / "first.yaml")
    (tmp_path / "theirs.json").write_text(json.dumps(theirs["suite"]))
    back = read_suite(import_suite(tmp_path / "theirs.json", tmp_path), "back.yaml")
    first = read_suite(tmp_path / "first.yaml", "first.yaml")
    assert (back.name, back.targets, back.expectations, back.meta) == (
        first.name, first.targets, first.expectations, first.meta
    )  # fmt: skip
