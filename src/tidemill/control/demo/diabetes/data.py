"""The patients: those of the history, and those to come, from one CSV file.

The file is the well-known one (Pregnancies, Glucose, BloodPressure, SkinThickness, Insulin, BMI,
DiabetesPedigreeFunction, Age, Outcome), or `data/pima.csv`, which the example's `training/pima.py`
writes from R's data sets. A column `Part` (history, new) says who is to come; without one it is
every third patient. In the well-known file a 0 stands for a measurement that was not taken.
Guarantees: the same file gives the same patients under the same numbers; a folder that holds the
patients of another file is refused.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from tidemill.control.demo.nyc_taxi.parts import fingerprint, write_whole
from tidemill.errors import UserError, Where, did_you_mean
from tidemill.records import dataclass

COLUMNS: tuple[tuple[str, str, pa.DataType], ...] = (
    ("Pregnancies", "pregnancies", pa.int64()),
    ("Glucose", "glucose", pa.float64()),
    ("BloodPressure", "blood_pressure", pa.float64()),
    ("SkinThickness", "skin_thickness", pa.float64()),
    ("Insulin", "insulin", pa.float64()),
    ("BMI", "bmi", pa.float64()),
    ("DiabetesPedigreeFunction", "diabetes_pedigree_function", pa.float64()),
    ("Age", "age", pa.int64()),
    ("Outcome", "outcome", pa.int64()),
)
"""The name in the file, in Postgres, and the type."""

NEEDED = tuple(name for _, name, _ in COLUMNS if name not in ("insulin", "outcome"))
"""What the model needs of a new patient."""

_ZERO_IS_MISSING = ("Glucose", "BloodPressure", "SkinThickness", "Insulin", "BMI")
_OPTIONAL = ("Insulin",)
NEW_EACH = 3
RECORD = "input.json"


@dataclass(frozen=True, slots=True)
class Patients:
    """`history` and `new`: `patient_id` and the file's columns under the file's names."""

    history: pa.Table
    new: pa.Table


def read_patients(path: Path) -> Patients:
    """Read a file; raises UserError where it is not what is wanted."""
    table = _read(path)
    found = {
        name.strip(): column for name, column in zip(table.column_names, table.columns, strict=True)
    }
    missing = [name for name, _, _ in COLUMNS if name not in found and name not in _OPTIONAL]
    if missing:
        raise UserError(
            f"{path.name} is not the diabetes file: it lacks {', '.join(missing)}",
            code="demo.input-columns",
            where=Where(file=str(path)),
            detail=f"The file's columns are: {', '.join(found) or 'none'}.",
            hint=did_you_mean(missing[0], found)
            or f"Give a CSV with the columns {', '.join(name for name, _, _ in COLUMNS)}.",
        )
    rows = table.num_rows
    columns = {"patient_id": pa.chunked_array([pa.array(range(1, rows + 1), pa.int64())])}
    for name, _, kind in COLUMNS:
        columns[name] = _converted(name, found.get(name), kind, rows, path)
    patients = pa.table(columns)
    if "Part" in found:
        is_new = pc.equal(found["Part"], "new")
    else:
        is_new = pa.array([number % NEW_EACH == NEW_EACH - 1 for number in range(rows)])
    return Patients(patients.filter(pc.invert(is_new)), patients.filter(is_new))


def keep_patients(patients: Patients, path: Path, folder: Path) -> None:
    """Write what goes to the lake; refuse the patients of another file.

    The history is `patients.parquet`; those to come are `arrivals/patients.parquet`, with the
    columns of the application's table.
    """
    (folder / "arrivals").mkdir(parents=True, exist_ok=True)
    record, source = folder / RECORD, fingerprint(path)
    if record.is_file():
        known = json.loads(record.read_text(encoding="utf-8"))["input"]
        if known != source:
            raise UserError(
                f"this folder holds the patients of another input ({known})",
                code="demo.other-input",
                where=Where(file=str(path)),
                detail=f"The input now is: {source}.",
                hint="Start again with empty tables: add --fresh.",
            )
    names = ["patient_id", *(ours for _, ours, _ in COLUMNS)]
    arrivals = patients.new.rename_columns(names).drop_columns(["outcome"])
    _keep(patients.history, folder / "patients.parquet")
    _keep(arrivals, folder / "arrivals" / "patients.parquet")
    record.write_text(json.dumps({"input": source}) + "\n", encoding="utf-8")


def _keep(table: pa.Table, target: Path) -> None:
    if not target.is_file():
        write_whole(target, lambda half: pq.write_table(table, half))


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise UserError(
            f"there is no file {path}",
            code="demo.input-missing",
            where=Where(file=str(path)),
            hint="Give the path of the diabetes CSV: `--input diabetes.csv`.",
        )
    try:
        return pyarrow.csv.read_csv(path)
    except (pa.ArrowException, OSError) as error:
        raise UserError(
            f"{path.name} cannot be read as csv",
            code="demo.input-unreadable",
            where=Where(file=str(path)),
            detail=str(error).splitlines()[0],
            hint="Give a CSV file with a line of names at its head.",
        ) from None


def _converted(
    name: str, values: pa.ChunkedArray | None, kind: pa.DataType, rows: int, path: Path
) -> pa.ChunkedArray:
    if values is None:
        return pa.chunked_array([pa.nulls(rows, kind)])
    try:
        column = values.cast(kind)
    except pa.ArrowException as error:
        raise UserError(
            f"column {name} of {path.name} holds {values.type}, and not every value fits {kind}",
            code="demo.input-values",
            where=Where(file=str(path)),
            detail=str(error).splitlines()[0],
            hint="Numbers only; a value that is missing stands as nothing, or as 0.",
        ) from None
    if name not in _ZERO_IS_MISSING:
        return column
    return pc.if_else(pc.equal(column, 0), pa.scalar(None, kind), column)
