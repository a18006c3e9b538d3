"""The lake: import files, create streaming data from the arrivals, transform the history.

Every task is safe to repeat: an import moves only what is new, and a pipeline reads a file once.
"""

import pendulum
from airflow.sdk import DAG

from tidemill.integrations.airflow import TidemillCheck, TidemillOperator, TidemillRun

with DAG(
    "data_lake",
    schedule="@daily",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10)},
    doc_md=__doc__,
):
    import_files = TidemillOperator(task_id="import_files", arguments=["lake", "import"])
    create_streaming_data = TidemillRun(task_id="create_streaming_data", pipeline="admit")
    transform = TidemillRun(task_id="transform", pipeline="transform")
    load = TidemillRun(task_id="load", pipeline="load")
    check = TidemillCheck(task_id="check", suites=["scaled"])
    import_files >> create_streaming_data >> transform >> load >> check
