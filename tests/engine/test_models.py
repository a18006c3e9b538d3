"""CREATE MODEL and ML_PREDICT: onnxruntime over a file, and a Python function as a provider.

The files in `models/` are `named` (inputs `price` and `count`, output `total` = price * count) and
`matrix` (input [n, 2], outputs `score` = 2a + 3b and `label`, its whole part).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from kit import Group, Partition, World

from tidemill.errors import SqlError
from tidemill.project import ProjectFunctions

MODULE = """
from tidemill.functions import Row, udf

@udf(result_type="DOUBLE")
def half(price: float, count: int):
    return price / count / 2

@udf(result_type="ROW<low DOUBLE, high DOUBLE>")
def spread(price: float, count: int):
    return Row(price - count, price + count)
"""
NAMED = """CREATE MODEL m INPUT (price DOUBLE, `count` BIGINT) OUTPUT (total DOUBLE)
  WITH ('provider' = 'onnx', 'path' = 'models/named.onnx');"""
MATRIX = """CREATE TEMPORARY MODEL m INPUT (a FLOAT, b FLOAT) OUTPUT (score FLOAT, label BIGINT)
  COMMENT 'from a file' WITH ('provider' = 'onnx', 'path' = 'models/matrix.onnx');"""
TABLE = """CREATE TABLE t (id INT, p FLOAT, n INT, total STRING) WITH ('connector' = 'memory');"""


@pytest.fixture
def functions(tmp_path: Path) -> ProjectFunctions:
    root = tmp_path / "project"
    shutil.copytree(Path(__file__).parent / "models", root / "models")
    (root / "functions").mkdir()
    (root / "functions" / "predict.py").write_text(MODULE)
    return ProjectFunctions(root)


def run(
    functions: ProjectFunctions, folder: Path, text: str, rows: list[tuple[Any, ...]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    types = [pa.int32(), pa.float32(), pa.int32(), pa.string()]
    arrays = [pa.array(c, t) for c, t in zip(columns, types, strict=True)]
    batch = pa.RecordBatch.from_arrays(arrays, ["id", "p", "n", "total"])
    world = World({"t": {"0": Partition(batch)}}, [Group("main", ("dead",))])
    engine = world.engine(
        kit.plan_of(TABLE + text, functions), folder / "state", dead_letter_table="dead",
        settings=kit.one_batch_at_a_time(),
    )  # fmt: skip
    engine.run("finished")
    found = [row for _, part in world.selected for row in part.rows.to_pylist()]
    return found, world.rows("dead")


def test_inputs_and_outputs_by_name_and_names_that_are_taken(functions, tmp_path) -> None:
    query = NAMED + "SELECT * FROM ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(p, n));"
    found, dead = run(functions, tmp_path, query, [(1, 1.5, 4, "a"), (2, -1.0, 3, "b")])
    assert found == [
        {"id": 1, "p": 1.5, "n": 4, "total": "a", "total0": 6.0},
        {"id": 2, "p": -1.0, "n": 3, "total": "b", "total0": -3.0},
    ]
    assert not dead


def test_a_matrix_with_named_arguments_and_a_null_as_nan(functions, tmp_path) -> None:
    query = (
        MATRIX
        + """SELECT id, score, label FROM TABLE(ML_PREDICT(INPUT => TABLE t,
      MODEL => MODEL m, ARGS => DESCRIPTOR(p, n))) AS x WHERE label > -100 OR score <> score;"""
    )
    found, _ = run(functions, tmp_path, query, [(1, 1.5, 1, ""), (2, 0.0, 2, "")])
    assert found == [{"id": 1, "score": 6.0, "label": 6}, {"id": 2, "score": 6.0, "label": 6}]


def test_a_row_that_the_model_cannot_take_is_set_aside(functions, tmp_path) -> None:
    query = NAMED + "SELECT id, total0 FROM ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(p, n));"
    found, dead = run(functions, tmp_path, query, [(1, 2.0, None, ""), (2, 2.0, 2, "")])
    assert found == [{"id": 2, "total0": 4.0}]
    assert "a NULL cannot be given to the model" in dead[0]["message"]


def test_python_functions_are_a_provider(functions, tmp_path) -> None:
    query = """CREATE MODEL first_ INPUT (p DOUBLE, n BIGINT) OUTPUT (half DOUBLE)
        WITH ('provider' = 'python', 'function' = 'predict.half');
      CREATE MODEL second_ INPUT (p DOUBLE, n BIGINT) OUTPUT (low DOUBLE, high DOUBLE)
        WITH ('provider' = 'python', 'function' = 'predict.spread');
      CREATE MODEL gone INPUT (p DOUBLE, n BIGINT) OUTPUT (half DOUBLE)
        WITH ('provider' = 'python', 'function' = 'predict.half');
      DROP MODEL gone;
      CREATE VIEW v AS SELECT * FROM ML_PREDICT(TABLE t, MODEL first_, DESCRIPTOR(p, n));
      SELECT id, half, low, high FROM ML_PREDICT(TABLE v, MODEL second_, DESCRIPTOR(half, n));"""
    found, dead = run(functions, tmp_path, query, [(1, 8.0, 2, ""), (2, 1.0, 0, "")])
    assert found == [{"id": 1, "half": 2.0, "low": 0.0, "high": 4.0}]
    assert "predict.py:6, in half" in dead[0]["message"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NAMED.replace("named.onnx", "none.onnx"), "does not exist in the project"),
        (NAMED.replace("models/named", "../named"), "lies outside the project"),
        (NAMED.replace("`count` BIGINT", "`count` STRING"),
         "input `count` is a tensor of int64, and the column STRING"),
        (NAMED.replace("`count`", "quantity"), "they fit neither by name nor as a matrix"),
        (MATRIX.replace("b FLOAT", "b FLOAT, c FLOAT"), "fit neither by name nor as a matrix"),
        (MATRIX.replace("label BIGINT", "label BIGINT, more BIGINT"), "gives 2 outputs"),
        (NAMED.replace("named.onnx", "../functions/predict.py"), "cannot be read"),
    ],
)  # fmt: skip
def test_a_model_that_does_not_fit_is_refused_where_it_is_declared(
    functions, text: str, message: str
) -> None:
    with pytest.raises(SqlError, match=message) as caught:
        kit.plan_of(TABLE + text + "SELECT id FROM t;", functions)
    assert caught.value.code == "sql.bad-function"


def test_without_onnxruntime_the_error_says_what_to_install(functions, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(SqlError, match="needs onnxruntime") as caught:
        kit.plan_of(TABLE + NAMED + "SELECT id FROM t;", functions)
    assert caught.value.hint == "Install it: pip install 'tidemill[onnx]'."


def test_check_says_that_flink_has_no_such_model(functions) -> None:
    plan = kit.plan_of(TABLE + NAMED + "SELECT id FROM t;", functions)
    assert any("embedded engine only" in note for note in plan.notes)
