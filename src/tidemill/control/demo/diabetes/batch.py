"""The batch half: the history to the lake, scaled there, checked, into the warehouse, a model.

Guarantees: each step is done once for the same data, however often it is asked for, and one that
was interrupted is finished; nothing enters the warehouse, and no model learns, where a check fails.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tidemill.control.checks.run import run_checks
from tidemill.control.lake.imports import import_files
from tidemill.control.lake.objects import get_objects, list_objects, put_files, remove_objects
from tidemill.control.lake.query import query_lake
from tidemill.control.run import run
from tidemill.control.run_spark import run_spark
from tidemill.control.train import run_program, train
from tidemill.control.up import Progress
from tidemill.errors import VerificationError, Where
from tidemill.project import load_project

PIMA = Path("data") / "pima.csv"
LOCAL_LAKE = "data/lake"
ENGINE = Path("data") / "transform.json"
OUTPUTS = ("scaled", "limits")

Say = Callable[[str], None]


def fetch_pima(folder: Path, progress: Progress) -> Path:
    """The Pima data as a CSV, by the example's own program; made the first time."""
    file = folder / PIMA
    if not file.is_file():
        program = Path("training") / "pima.py"
        run_program(load_project(folder), program, [str(PIMA)], {}, lambda _: None, progress)
    return file


def import_history(folder: Path) -> int:
    """Send what lake.yaml names; how many patients the lake holds now."""
    import_files(folder)
    rows = query_lake("SELECT count(*) AS patients FROM patients", folder).as_dicts()
    return int(str(rows[0]["patients"]))


def transform(folder: Path, *, spark: bool, progress: Progress) -> str:
    """Scale the lake's patients; the engine that did it, which is the one of the first time."""
    record = folder / ENGINE
    known = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else None
    engine = known["engine"] if known else "spark" if spark else "embedded"
    if known is None:
        _record(record, engine, done=False)
    if engine == "embedded":
        run("transform", folder)
    elif known is None or not known["done"]:
        _on_spark(folder, progress)
    _record(record, engine, done=True)
    return str(engine)


def _on_spark(folder: Path, progress: Progress) -> None:
    """Spark, which is not given the lake's keys, works on a folder; its files go to the lake."""
    local = folder / LOCAL_LAKE
    shutil.rmtree(local, ignore_errors=True)
    get_objects("s3://lake/raw/", local / "raw", folder)
    run_spark("transform", folder, variables={"lake": LOCAL_LAKE}, progress=progress)
    for name in OUTPUTS:
        target = f"s3://lake/{name}/"
        if any(True for _ in list_objects(target, folder)):
            remove_objects(target, folder, recursive=True)
        put_files(sorted((local / name).glob("*.parquet")), target, folder)


def _record(file: Path, engine: str, *, done: bool) -> None:
    file.write_text(json.dumps({"engine": engine, "done": done}) + "\n", encoding="utf-8")


def load(folder: Path) -> None:
    """The scaled patients into the warehouse, by the pipeline `load`."""
    run("load", folder)


def require(folder: Path, suite: str, targets: tuple[str, ...] = ()) -> int:
    """Run a suite; raises VerificationError where it fails; how many expectations were met."""
    found = run_checks([suite], folder, targets=targets)
    for result in found.results:
        missed = [one.expectation.type for one in result.failed]
        if result.success:
            continue
        raise VerificationError(
            f"the check {suite} failed on {result.target}",
            code="demo.check-failed",
            where=Where(file=str(folder / "checks" / f"{suite}.yaml")),
            detail=result.exception or f"Not met: {', '.join(missed)}.",
            hint=f"See the rows: tidemill checks run {suite} --report checks.html",
        )
    return sum(len(result.results) for result in found.results)


def train_model(folder: Path, progress: Progress) -> Mapping[str, Any]:
    """Train on the warehouse; the model's card, with `trained` false where nothing is new."""
    return train(Path("training") / "train.py", folder, progress=progress)
