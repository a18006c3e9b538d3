"""The whole demo, as a user runs it: a process of its own, real servers, the real Pima sets."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tidemill.control.demo.diabetes.stream import DEAD_LETTERS, MERGED
from tidemill.control.demo.folder import demo_folder
from tidemill.control.demo.postgres import connect
from tidemill.control.down import down
from tidemill.control.lake.objects import list_objects
from tidemill.control.run import run
from tidemill.control.topics import Cluster, read_topic
from tidemill.interfaces.service import Endpoint
from tidemill.services import running_endpoints

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]
TABLES = (
    "warehouse.patients", "warehouse.limits", "public.diabetes_new", "public.diabetes_prediction",
    "public.diabetes_outcome",
)  # fmt: skip


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for state in tmp_path.glob(".tidemill/demo/*/.tidemill"):
        down(state)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tidemill.cli", "demo", "diabetes", *arguments]


def demo(base: Path, *arguments: str, code: int = 0) -> Any:
    done = subprocess.run(
        command("--json", *arguments), cwd=base, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr


def everything(folder: Path, database: Endpoint) -> dict[str, object]:
    """All that a second run must leave as it is; rows with the transaction that wrote them."""
    found: dict[str, object] = {
        str(file.relative_to(folder)): (file.read_bytes(), file.stat().st_mtime_ns)
        for part in ("data", "models")
        for file in sorted((folder / part).rglob("*.*"))
        if file.name not in ("transform.json", "input.json")
    }
    with connect(database) as connection:
        for table in TABLES:
            query = f"SELECT xmin::text, t.* FROM {table} AS t ORDER BY 2"
            found[table] = connection.execute(query.encode()).fetchall()
    for topic in (MERGED, DEAD_LETTERS):
        found[topic] = [(r.key, r.value) for r in read_topic(Cluster(folder), topic)]
    found["lake"] = [
        (o.url, o.etag, o.modified)
        for o in list_objects("s3://lake/", folder)
        if "/.tidemill/" not in o.url  # a sink's own bookkeeping, which counts its runs
    ]
    return found


def correct_and_delete(folder: Path, database: Endpoint) -> None:
    query = "SELECT patient_id, model_version FROM public.diabetes_prediction ORDER BY 1 LIMIT 2"
    with connect(database, autocommit=True) as connection:
        (first, _), (second, version) = connection.execute(query.encode()).fetchall()
        connection.execute("DELETE FROM public.diabetes_new WHERE patient_id = %s", (first,))
        connection.execute(
            "UPDATE public.diabetes_new SET glucose = 60 WHERE patient_id = %s", (second,)
        )
        limit = time.monotonic() + 120
        while connection.execute(query.encode()).fetchall()[0] != (second, version + 1):
            assert time.monotonic() < limit
            for name in ("merge", "predict"):
                run(name, folder, until="caught-up")


def test_stopped_resumed_again_and_with_wrong_data(base: Path) -> None:
    # Ctrl-C while patients come in.
    process = subprocess.Popen(
        command("--rate", "100"), cwd=base, stderr=subprocess.PIPE, stdout=-3, text=True
    )
    assert process.stderr is not None
    assert any("inserted" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert (process.returncode, "nothing is lost" in said) == (130, True)

    # The next start finishes what was begun.
    first = demo(base, "--keep")
    assert first["ok"] is True
    assert {c["what"]: c["rows"] for c in first["comparisons"]} == {
        "patients in the lake": 200,
        "patients in the warehouse": 200,
        "patients in sink_diabetes": 332,
        "patients in predictions": 332,
        "incomplete patients, set aside": 100,
    }
    facts = first["facts"]
    assert 0 < facts["stream"]["inserted"] < 432
    assert (facts["train"]["rows"], facts["retrain"]["rows"]) == (200, 532)
    assert (facts["retrain"]["trained"], facts["retrain"]["version"]) == (True, 2)
    assert facts["train"]["roc_auc"] > 0.8

    # Again: nothing changes.
    folder = demo_folder(base, "diabetes", None)
    database = running_endpoints(folder / ".tidemill")["postgres"]
    before = everything(folder, database)
    assert len(before[MERGED]) == 332  # type: ignore[arg-type]
    again = demo(base, "--keep")
    assert again["ok"] is True
    assert again["facts"]["stream"]["inserted"] == again["facts"]["outcomes_recorded"] == 0
    assert (again["facts"]["train"]["trained"], again["facts"]["retrain"]["trained"]) == (0, 0)
    assert everything(folder, database) == before

    # A row that is corrected gets another prediction, one that is deleted has none any more.
    correct_and_delete(folder, database)

    # Nothing learns from data that does not pass.
    with connect(database) as connection:
        connection.execute("UPDATE warehouse.patients SET glucose = 7 WHERE patient_id = 9")
    said = demo(base, code=1)
    assert "demo.check-failed" in said
    assert "expect_column_values_to_be_between" in said
    for name in ("models/diabetes.onnx", "models/diabetes.json"):
        file = folder / name
        assert (file.read_bytes(), file.stat().st_mtime_ns) == before[name]
