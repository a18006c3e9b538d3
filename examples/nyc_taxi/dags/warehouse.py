"""The taxi warehouse: bring the stream up to date, check what it wrote, build and test models."""

import pendulum
from airflow.sdk import DAG

from tidemill.integrations.airflow import TidemillCheck, TidemillDbtBuild, TidemillRun

with DAG(
    "warehouse",
    schedule="@hourly",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10)},
    doc_md=__doc__,
):
    load = TidemillRun(task_id="load", pipeline="nyc_taxi")
    check = TidemillCheck(task_id="check", suites=["zone_window"])
    build = TidemillDbtBuild(task_id="build")
    load >> check >> build
