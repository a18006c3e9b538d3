"""The end of the demo as people want to see it: how good the models are, and some predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from tidemill.control.demo.model import Section
from tidemill.control.demo.text import aligned_table

_HELD_OUT = b"""
SELECT p.model_version, count(*), count(*) FILTER (WHERE p.prediction = o.outcome),
  count(*) FILTER (WHERE p.prediction = 1 AND o.outcome = 1), count(*) FILTER (WHERE o.outcome = 1)
FROM public.diabetes_prediction p JOIN public.diabetes_outcome o USING (patient_id)
GROUP BY 1 ORDER BY 1
"""
_HIGHEST = b"""
SELECT n.patient_id, n.age, n.glucose, n.bmi, p.probability, o.outcome
FROM public.diabetes_prediction p JOIN public.diabetes_new n USING (patient_id)
LEFT JOIN public.diabetes_outcome o USING (patient_id)
ORDER BY p.probability DESC, n.patient_id LIMIT 8
"""


def sections(connection: psycopg.Connection[Any], facts: Mapping[str, Any]) -> tuple[Section, ...]:
    """The tables that the demo shows."""
    trained = [facts["train"], facts["retrain"]]
    models = [
        (f"model {card['version']}", f"{card['rows']:,}", f"{card['accuracy']:.1%}",
         f"{card['roc_auc']:.3f}")
        for number, card in enumerate(trained)
        if number == 0 or card["version"] != trained[0]["version"]
    ]  # fmt: skip
    held_out = [
        (f"model {version}", f"{count:,}", f"{right / count:.1%}", f"{caught} of {ill}")
        for version, count, right, caught, ill in connection.execute(_HELD_OUT).fetchall()
    ]
    highest = [
        (str(number), str(age), f"{glucose:g}", f"{bmi:g}", f"{probability:.3f}",
         {1: "yes", 0: "no"}.get(outcome, "not known"))
        for number, age, glucose, bmi, probability, outcome in connection.execute(_HIGHEST)
    ]  # fmt: skip
    return (
        Section("the models, by cross-validation",
                aligned_table(("", "patients", "accuracy", "ROC AUC"), models)),
        Section("their predictions for new patients, whose outcome came later",
                aligned_table(("", "patients", "right", "ill found"), held_out)),
        Section("the highest risks",
                aligned_table(("patient", "age", "glucose", "bmi", "probability", "ill"), highest)),
    )  # fmt: skip


def next_steps(folder: Path) -> tuple[str, ...]:
    """What to try next, as lines of commands with what they do."""
    steps: Sequence[str] = (
        "tidemill demo diabetes           again: nothing changes",
        "tidemill demo diabetes --input diabetes.csv     the well-known file",
        "tidemill demo diabetes --spark --fresh          the batch half on Spark",
        "tidemill demo diabetes --keep    leave the servers up; then:",
        f"  cd {folder}",
        '  tidemill lake query "SELECT * FROM rate_by_age"',
        "  tidemill topic read diabetes_cdc.public.sink_diabetes --limit 3",
        "  tidemill checks run --report checks.html",
        "  tidemill up airflow              the DAGs data_lake and retrain",
        "  tidemill down                    stop everything",
    )
    return tuple(steps)
