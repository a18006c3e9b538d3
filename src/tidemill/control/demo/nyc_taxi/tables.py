"""The example's tables and topics, made where they are missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from tidemill.control.topics import Cluster, create_topic, list_topics
from tidemill.errors import TidemillError

CHANGES = "nyc_taxi.public.nyc_taxi"
CLEAN = "nyc_taxi.sink.datastream"
WINDOWS = "nyc_taxi.sink_window.datastream"


def create_tables(connection: psycopg.Connection[Any], folder: Path) -> None:
    """Run the example's DDL, and fill the table of zone names."""
    with connection.transaction():
        connection.execute((folder / "sql" / "create_table.sql").read_bytes())
        filled = connection.execute("SELECT EXISTS (SELECT FROM public.taxi_zone)").fetchone()
        zones = folder / "data" / "taxi_zones.csv"
        if filled == (False,) and zones.is_file():
            with connection.cursor().copy(
                "COPY public.taxi_zone FROM STDIN (FORMAT csv, HEADER)"
            ) as copy:
                copy.write(zones.read_bytes())


def create_topics(folder: Path) -> None:
    """Make the topics, one partition each, so that the pipeline can start before the first row."""
    cluster = Cluster(folder)
    there = {topic.name for topic in list_topics(cluster)}
    for topic in (CHANGES, CLEAN, WINDOWS):
        if topic in there:
            continue
        try:
            create_topic(cluster, topic, partitions=1, replication=1, settings={})
        except TidemillError:
            # The connector may have made it in this moment.
            if topic not in {t.name for t in list_topics(cluster)}:
                raise
