"""Every hour: what is new in `storage` to `bronze`, and Kafka is told of it."""

import pendulum
from airflow.sdk import DAG

from tidemill.integrations.airflow import TidemillOperator

with DAG(
    "bronze",
    schedule="@hourly",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": pendulum.duration(seconds=10)},
    doc_md=__doc__,
):
    for kind in ("training_data", "testing_data"):
        copy = TidemillOperator(
            task_id=f"copy_{kind}",
            arguments=["lake", "copy", f"s3://storage/{kind}/", f"s3://bronze/{kind}/"],
        )
        tell = TidemillOperator(
            task_id=f"tell_{kind}",
            arguments=[
                "lake",
                "watch",
                f"s3://bronze/{kind}/",
                "--topic",
                f"{kind}_streaming",
                "--once",
            ],
        )
        copy >> tell
