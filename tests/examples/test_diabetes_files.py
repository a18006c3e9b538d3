"""The example's data and its second computation, without servers."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidemill.control.demo.diabetes.data import keep_patients, read_patients
from tidemill.control.demo.folder import copy_example, find_example
from tidemill.control.run import run
from tidemill.control.run_spark import run_spark
from tidemill.control.train import run_program
from tidemill.errors import ProjectError, UserError, VerificationError
from tidemill.project import load_project

KNOWN = (
    "Pregnancies,Glucose,BloodPressure,SkinThickness,Insulin,BMI,DiabetesPedigreeFunction,Age,"
    "Outcome"
)
ROWS = (
    "6,148,72,35,0,33.6,0.627,50,1",
    "1,85,66,29,0,26.6,0.351,31,0",
    "8,183,64,0,0,23.3,0.672,32,1",
    "1,89,66,23,94,28.1,0.167,21,0",
)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "diabetes.csv"
    path.write_text("\n".join([KNOWN, *ROWS]) + "\n")
    return path


def test_the_known_csv_has_zeros_for_what_was_not_measured(csv: Path) -> None:
    patients = read_patients(csv)
    assert patients.history["patient_id"].to_pylist() == [1, 2, 4]
    assert patients.history["Insulin"].to_pylist() == [None, None, 94.0]
    assert patients.history["Outcome"].to_pylist() == [1, 0, 0]  # an outcome of 0 is one
    (new,) = patients.new.to_pylist()
    assert (new["patient_id"], new["SkinThickness"], new["Pregnancies"]) == (3, None, 8)


def test_a_folder_keeps_one_file_and_refuses_another(csv: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    keep_patients(read_patients(csv), csv, data)
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*.parquet")}
    keep_patients(read_patients(csv), csv, data)
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*.parquet")} == before
    assert pq.read_table(data / "arrivals" / "patients.parquet").column_names[:2] == [
        "patient_id", "pregnancies",
    ]  # fmt: skip
    csv.write_text("\n".join([KNOWN, *ROWS[:2]]) + "\n")
    with pytest.raises(UserError) as raised:
        keep_patients(read_patients(csv), csv, data)
    assert raised.value.code == "demo.other-input"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Pregnancies,Glucose\n1,2\n", "demo.input-columns"),
        (KNOWN + "\n" + ROWS[0].replace("148", "high") + "\n", "demo.input-values"),
        (KNOWN + "\n1,2\n", "demo.input-unreadable"),
    ],
)
def test_another_file_is_refused_by_name(text: str, code: str, csv: Path) -> None:
    csv.write_text(text)
    with pytest.raises(UserError) as raised:
        read_patients(csv)
    assert raised.value.code == code


def _given(csv: Path) -> dict[str, pa.Table]:
    """Two patients of the history and two new ones, as pipelines and a model would leave them."""
    patients = read_patients(csv)
    history = patients.history.slice(0, 2)
    names = ["patient_id", "pregnancies", "glucose", "blood_pressure", "skin_thickness", "insulin",
             "bmi", "diabetes_pedigree_function", "age", "outcome"]  # fmt: skip
    scaled = pa.Table.from_pylist(
        [
            dict(zip(names, (1, 6, 1.0, 1.0, 1.0, None, 1.0, 0.627, 1.0, 1), strict=True)),
            dict(zip(names, (2, 1, 0.0, 0.0, 0.0, None, 0.0, 0.351, 0.0, 0), strict=True)),
        ],
        pa.schema([(name, pa.float64() if name != "patient_id" else pa.int64()) for name in names]),
    )
    new = pa.concat_tables([patients.new, patients.history.slice(2)]).rename_columns(names)
    complete = new.slice(1).drop_columns(["outcome"])
    model = pa.table({"model_version": [1], "name": ["age"], "weight": [2.0], "low": [21.0],
                      "high": [42.0], "intercept": [0.0]})  # fmt: skip
    predictions = pa.table({"patient_id": [4], "probability": [0.5], "prediction": [0],
                            "model_version": [1]})  # fmt: skip
    return {
        "history": history,
        "in_lake": scaled,
        "in_warehouse": scaled,
        "merged": complete,
        "patients": new.drop_columns(["outcome"]),
        "predictions": predictions,
        "model": model,
    }


def differences(given: dict[str, pa.Table]) -> list[tuple[str, int, str]]:
    with duckdb.connect() as db:
        for name, table in given.items():
            db.register(name, table)
        db.execute((find_example("diabetes") / "sql" / "verify.sql").read_text())
        return db.sql("SELECT place, patient_id, name FROM difference ORDER BY ALL").fetchall()


def test_the_second_computation_finds_what_is_lost_doubled_or_wrong(csv: Path) -> None:
    given = _given(csv)
    assert differences(given) == []
    lake = given["in_lake"]
    assert {d[:2] for d in differences({**given, "in_lake": lake.slice(1)})} == {("the lake", 1)}
    doubled = pa.concat_tables([lake, lake.slice(1)])
    assert {d[:2] for d in differences({**given, "in_warehouse": doubled})} == {
        ("the warehouse", 2)
    }
    changed = given["merged"].set_column(2, "glucose", pa.array([90.0]))
    assert differences({**given, "merged": changed}) == [("sink_diabetes", 4, "glucose")]
    off = given["predictions"].set_column(1, "probability", pa.array([0.501]))
    assert differences({**given, "predictions": off}) == [
        ("predictions", 4, "prediction"), ("predictions", 4, "probability"),
    ]  # fmt: skip
    none = given["predictions"].slice(1)
    assert ("predictions", 4, "probability") in differences({**given, "predictions": none})


@pytest.mark.timeout(600)  # Spark's environment may have to be made
def test_spark_scales_as_the_embedded_engine_does(csv: Path, tmp_path: Path) -> None:
    folder = tmp_path / "example"
    copy_example(find_example("diabetes"), folder)
    keep_patients(read_patients(csv), csv, folder / "data")
    for engine in ("embedded", "spark"):
        raw = folder / engine / "raw"
        raw.mkdir(parents=True)
        raw.joinpath("patients.parquet").hardlink_to(folder / "data" / "patients.parquet")
    run("transform", folder, variables={"lake": "embedded"})
    run_spark("transform", folder, variables={"lake": "spark"})

    def rows(engine: str, name: str) -> list[tuple[object, ...]]:
        with duckdb.connect() as db:
            files = str(folder / engine / name / "*.parquet")
            return db.execute(
                "SELECT * FROM read_parquet($f) ORDER BY ALL", {"f": files}
            ).fetchall()

    assert len(rows("embedded", "scaled")) == 3
    assert ("age", 21.0, 50.0) in rows("embedded", "limits")
    for name in ("scaled", "limits"):
        assert rows("spark", name) == rows("embedded", name)


@pytest.mark.timeout(600)  # the environment may have to be made
def test_a_training_program_gives_its_last_line_or_says_what_failed(tmp_path: Path) -> None:
    (tmp_path / "tidemill.yaml").write_text("name: p\n")
    (tmp_path / "good.py").write_text("import os\nprint('hello')\nprint('{\"n\": 1}')\n")
    (tmp_path / "bad.py").write_text("raise SystemExit('no patients')\n")
    project, said = load_project(tmp_path), []
    assert run_program(project, Path("good.py"), (), {}, said.append) == {"n": 1}
    assert said == ["hello"]
    with pytest.raises(VerificationError, match=r"bad\.py failed: no patients"):
        run_program(project, Path("bad.py"), (), {}, said.append)
    with pytest.raises(ProjectError):
        run_program(project, Path("../bad.py"), (), {}, said.append)
