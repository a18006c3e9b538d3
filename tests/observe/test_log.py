"""Logs as lines of ECS, with the place where it happened; in a file, and in a Kafka topic."""

from __future__ import annotations

import json
import logging

import pytest

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.log_topic import TopicLog
from tidemill.connectors.kafka.records import ReadFrom, read_records
from tidemill.errors import ConnectorError, Where
from tidemill.observe import forget_secrets, hide_secret, open_log

LOG = logging.getLogger("tidemill.test")


def test_a_line_has_the_fields_of_ecs_and_the_place_of_an_error(tmp_path):
    log = open_log(tmp_path, "pipeline-x", context=lambda: {"pipeline": "x", "epoch": 7})
    hide_secret('s3cr"et')
    try:
        LOG.info("it runs with %s", 's3cr"et', extra={"rows": 3})
        try:
            raise ConnectorError(
                "gone", code="connector.unreachable",
                where=Where(topic="orders", partition=2, offset=41),
            )  # fmt: skip
        except ConnectorError:
            LOG.exception("it failed")
        LOG.warning("again", extra={"where": Where(table="t"), "epoch": 8})
    finally:
        log.close()
        forget_secrets()
    first, failed, again = map(json.loads, log.path.read_text().splitlines())
    assert (first["log.level"], first["event.dataset"]) == ("info", "pipeline-x")
    assert first["@timestamp"].endswith("Z") and first["ecs.version"] == "9.0.0"
    assert first["message"] == "it runs with ******"
    assert first["tidemill"] == {"pipeline": "x", "epoch": 7, "rows": 3}
    assert failed["error.code"] == "connector.unreachable"
    assert failed["error.type"] == "ConnectorError" and "Traceback" in failed["error.stack_trace"]
    place = {"pipeline": "x", "epoch": 7, "topic": "orders", "partition": 2, "offset": 41}
    assert failed["tidemill"] == place
    assert again["tidemill"] == {"pipeline": "x", "epoch": 8, "table": "t"}


@pytest.mark.servers
def test_lines_go_to_a_topic_too(tmp_path, kafka_endpoint, unique_name):
    topic = unique_name("logs")
    admin = KafkaAdmin({"bootstrap.servers": kafka_endpoint.properties["bootstrap.servers"]})
    admin.create(topic, partitions=1, replication=-1, settings={})
    handler = TopicLog(admin.properties, topic, "pipeline-x")
    log = open_log(tmp_path, "pipeline-x", more=[handler])
    LOG.info("for all to see")
    log.close()
    (record,) = read_records(admin, topic, ReadFrom())
    assert record.key == b"pipeline-x"
    assert record.value is not None and record.value.decode() + "\n" == log.path.read_text()
    admin.delete([topic])


def test_a_log_does_not_wait_for_a_kafka_that_is_away(tmp_path):
    handler = TopicLog({"bootstrap.servers": "127.0.0.1:1"}, "logs", "x")
    log = open_log(tmp_path, "x", more=[handler])
    LOG.info("nobody hears it there")
    log.close()
    assert "nobody hears it there" in log.path.read_text()
