"""A run for each message of the topic `nyc_taxi.checks`: look at what the stream wrote.

Ask for one with: tidemill topic write nyc_taxi.checks
"""

import pendulum
from airflow.sdk import DAG, Asset

from tidemill.integrations.airflow import TidemillCheck, kafka_message_watcher

asked = Asset("nyc_taxi_checks", watchers=[kafka_message_watcher("nyc_taxi.checks")])

with DAG(
    "on_message",
    schedule=[asked],
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    doc_md=__doc__,
):
    check = TidemillCheck(task_id="check", suites=["zone_window"])
