"""The shared servers are real and usable."""

from __future__ import annotations

import psycopg
import pytest
from confluent_kafka.admin import AdminClient


@pytest.mark.servers
def test_postgres_decodes_logically(postgres_endpoint) -> None:
    with psycopg.connect(
        host=postgres_endpoint.host,
        port=postgres_endpoint.ports["sql"],
        user=postgres_endpoint.properties["user"],
        dbname=postgres_endpoint.properties["database"],
        password=postgres_endpoint.secrets["password"],
    ) as connection:
        assert connection.execute("SHOW wal_level").fetchone() == ("logical",)


@pytest.mark.servers
def test_kafka_serves(kafka_endpoint) -> None:
    admin = AdminClient({"bootstrap.servers": kafka_endpoint.properties["bootstrap.servers"]})
    assert len(admin.list_topics(timeout=10).brokers) == 1


def test_unique_names_differ(unique_name) -> None:
    assert unique_name("a") != unique_name("a")
