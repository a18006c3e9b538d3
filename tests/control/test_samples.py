"""Rows between operators and what models answered, while a pipeline runs; personal ones hidden."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pytest

from tidemill.control.pipeline_processes import start_pipeline, stop_pipeline
from tidemill.control.project_context import open_project
from tidemill.control.sample_publisher import FILE
from tidemill.control.samples import predictions, samples
from tidemill.engine.samples import ROWS_MAX, Sampler, unique
from tidemill.plan.physical import KIND, PlanColumn

PIPELINE = """
CREATE MODEL risk INPUT (age INT) OUTPUT (score DOUBLE)
WITH ('provider' = 'python', 'function' = 'score.score');
CREATE TABLE people (age INT, email STRING) WITH ('connector' = 'datagen',
  'rows-per-second' = '200', 'fields.age.min' = '1', 'fields.age.max' = '90',
  'fields.email.length' = '7');
CREATE TABLE scored (age INT, score DOUBLE, address STRING) WITH ('connector' = 'blackhole');
INSERT INTO scored SELECT age, score, LOWER(email)
FROM ML_PREDICT(TABLE people, MODEL risk, DESCRIPTOR(age)) WHERE age > 5;
"""
FUNCTION = """
from tidemill.functions import udf

@udf(result_type="DOUBLE")
def score(age: int):
    return age / 100
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tidemill.yaml").write_text("pipelines: [risk.sql]\npersonal: [email]\n")
    (tmp_path / "risk.sql").write_text(PIPELINE)
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "score.py").write_text(FUNCTION)
    return tmp_path


def test_rows_and_answers_are_there_while_somebody_looks_and_hide_what_is_personal(folder):
    project = open_project(folder)
    assert samples(project, "risk") == {}
    start_pipeline("risk", folder)
    kept = project.state_dir / "pipelines" / "risk" / FILE
    try:
        assert not kept.exists()
        limit = time.monotonic() + 30
        while "w0" not in samples(project, "risk") and time.monotonic() < limit:
            time.sleep(0.1)
        found = samples(project, "risk")
        assert set(found) == {"s0", "p0", "w0"} and kept.stat().st_mode & 0o077 == 0
        assert [*found["s0"][0]] == ["age", "email"] and found["s0"][0]["email"] == "******"
        assert [*found["w0"][0]] == ["age", "score", "address"]
        # Another name hides nothing: the plan knows what a column is made of.
        assert {row["address"] for row in found["w0"]} == {"******"}
        (one,) = predictions(project, "risk")
        assert (one["model"], one["node"]) == ("risk", "p0")
        answer = one["answers"][0]
        assert answer["answer"] == answer["input"]["age"] / 100
        assert answer["input"].get("email") in (None, "******")
    finally:
        stop_pipeline("risk", folder)
    assert not kept.exists() and samples(project, "risk") == {}


def table(*values: int) -> pa.Table:
    return pa.table({"c0": pa.array(values), KIND: pa.array([0] * len(values), pa.int8())})


def test_a_sampler_keeps_the_newest_rows_and_forgets_them():
    sampler, columns = Sampler(), {"a0": (PlanColumn("n"),)}
    assert not sampler.wanted and sampler.taken(columns) == {}
    sampler.want(60)
    sampler.see("a0", table())
    for start in range(0, 30, 3):
        sampler.see("a0", table(start, start + 1, start + 2))
    rows = sampler.taken(columns)["a0"]
    assert [row["n"] for row in rows] == list(range(29, 29 - ROWS_MAX, -1))
    assert rows[0]["op"] == "+I"
    sampler.see("a0", table(*range(100)))
    assert [row["n"] for row in sampler.taken(columns)["a0"]] == list(range(99, 79, -1))
    # Columns that are not known are not shown.
    assert sampler.taken({}) == {}
    sampler.want(0)
    assert sampler.taken(columns) == {}
    sampler.want(60)
    assert sampler.taken(columns) == {}


def test_names_that_stand_twice_get_a_number():
    assert unique(["a", "a", "b", "a"]) == ["a", "a0", "b", "a1"]
