"""A new model, only from data that passed: where a check fails, the old model stays.

Training on the patients that gave the last model changes nothing.
"""

import pendulum
from airflow.sdk import DAG

from tidemill.integrations.airflow import TidemillCheck, TidemillOperator, TidemillRun

with DAG(
    "retrain",
    schedule="@daily",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10)},
    doc_md=__doc__,
):
    predict = [TidemillRun(task_id=name, pipeline=name) for name in ("merge", "predict")]
    check = TidemillCheck(task_id="check", suites=["scaled", "predictions"])
    train = TidemillOperator(task_id="train", arguments=["train", "training/train.py"])
    predict[0] >> predict[1] >> check >> train
