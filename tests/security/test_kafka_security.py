"""Kafka over TLS with every login, on a real broker; and what is refused before anything opens."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition

from tidemill.connectors import CONNECTORS
from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.crate import kafka_crate
from tidemill.connectors.kafka.native import NativeReader
from tidemill.connectors.kafka.producer_native import NativeProducer, texts
from tidemill.connectors.kafka.properties import client_properties
from tidemill.control.flink_text import adapt
from tidemill.control.run import run
from tidemill.errors import ConnectorError, ProjectError
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.model import Batch, Column, Schema, TableDescriptor
from tidemill.model.types import INT
from tidemill.runners.flink import Gateway, TableOptions, cut
from tidemill.runners.kafka_security import KAFKA, SHADED, java_security
from tidemill.testing import drain

PATHS = ["0", "1"] if kafka_crate() is not None else ["0"]
WAYS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "mTLS")
SCHEMA = Schema((Column("a", INT),))


def table(topic: str, properties: Mapping[str, str], **more: str) -> TableDescriptor:
    options = {
        "connector": "kafka", "topic": topic, "format": "json",
        "scan.startup.mode": "earliest-offset", "scan.bounded.mode": "latest-offset",
        **{f"properties.{key}": value for key, value in properties.items()},
    }  # fmt: skip
    return TableDescriptor("t", SCHEMA, {**options, **more})


@pytest.fixture(params=PATHS, ids=lambda path: "native" if path == "1" else "python")
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The way of reading and writing: `TIDEMILL_NATIVE` is set for it."""
    chosen = str(request.param)
    monkeypatch.setenv("TIDEMILL_NATIVE", chosen)
    return chosen


@pytest.mark.parametrize("way", WAYS)
def test_a_table_is_written_and_read_by_every_login(
    secure_kafka: Any, unique_name: Callable[[str], str], way: str, path: str
) -> None:
    properties = secure_kafka.properties(way)
    topic, job = unique_name("k"), JobContext(unique_name("job"), FORMATS)
    admin = KafkaAdmin(client_properties(properties, "t"))
    admin.create(topic)
    described = table(topic, properties)
    group: Any = CONNECTORS["kafka"].commit_group([described], job)  # type: ignore[misc]
    try:
        group.open()
        assert isinstance(group._producer, NativeProducer) == (path == "1")
        rows = pa.RecordBatch.from_pylist([{"a": 1}, {"a": 2}], schema=SCHEMA.arrow())
        group.writer("t").write(Batch(rows))
        group.prepare(1)
        group.commit(1, {})
    finally:
        group.close()
    source: Any = CONNECTORS["kafka"].source(described, job)  # type: ignore[misc]
    assert isinstance(source._reader, NativeReader) == (path == "1")
    assert [row["a"] for row in drain(source, {}, 10).rows] == [1, 2]
    assert admin.describe(topic).partitions[0].end == 3  # with the transaction's marker


def refusal(call: Callable[[], object]) -> ConnectorError:
    with pytest.raises(ConnectorError) as refused:
        call()
    assert "guessed" not in refused.value.render()
    return refused.value


def topics_of(properties: Mapping[str, str]) -> object:
    return KafkaAdmin(client_properties(properties, "t")).topics()


def strangers(secure_kafka: Any) -> list[dict[str, str]]:
    """Properties of a client that the broker does not let in, or that does not trust the broker."""
    stranger = type(secure_kafka.authority)("a stranger")
    certificate, key = stranger.issue("orders-pipeline")
    scram, mutual = secure_kafka.properties("SCRAM-SHA-512"), secure_kafka.properties("mTLS")
    oauth = secure_kafka.properties("OAUTHBEARER")
    return [
        {**scram, "sasl.password": "guessed"},
        {**secure_kafka.properties("PLAIN"), "sasl.password": "guessed"},
        {**oauth, "sasl.oauthbearer.client.secret": "guessed"},
        {**mutual, "ssl.certificate.pem": certificate, "ssl.key.pem": key},
        {k: v for k, v in mutual.items() if k not in ("ssl.certificate.pem", "ssl.key.pem")},
        {**scram, "ssl.ca.pem": stranger.certificate},  # the broker is not who it says
        {**mutual, "bootstrap.servers": secure_kafka.address("MISNAMED")},  # another host's
    ]


def test_who_is_not_who_they_say_gets_nothing(secure_kafka: Any) -> None:
    for properties in strangers(secure_kafka):
        error = refusal(partial(topics_of, properties))
        assert error.code == "connector.login-refused", error.render()


def test_strangers_neither_read_nor_write(
    secure_kafka: Any, unique_name: Callable[[str], str], path: str
) -> None:
    topic, job = unique_name("k"), JobContext(unique_name("job"), FORMATS)
    for properties in strangers(secure_kafka):
        described = table(topic, properties)
        group: Any = CONNECTORS["kafka"].commit_group([described], job)  # type: ignore[misc]
        source: Any = CONNECTORS["kafka"].source(described, job)  # type: ignore[misc]
        for opened in (group, source):
            try:
                error = refusal(group.open if opened is group else partial(source.open, {}))
            finally:
                opened.close()
            assert error.code == "connector.login-refused", error.render()


def test_a_login_that_is_refused_later_is_told_the_same_on_both_paths(secure_kafka: Any) -> None:
    """As where a password is changed while a job runs: nobody asks `check_login` then."""
    crate = kafka_crate()
    if crate is None:
        return
    given = {**secure_kafka.properties("SCRAM-SHA-512"), "sasl.password": "guessed"}
    reading = {**client_properties(given, "t"), "group.id": "g", "log_level": 0}
    code = KafkaError._AUTHENTICATION
    heard: list[KafkaError] = []
    consumer = Consumer({**reading, "error_cb": heard.append})
    consumer.assign([TopicPartition("t", 0, 0)])
    reader = crate.KafkaReader(texts(reading), None)
    reader.assign([("t", 0, 0, -1)])
    reports: list[tuple[int, str]] = []
    limit = time.monotonic() + 20
    while not (code in [e.code() for e in heard] and code in [c for c, _ in reports]):
        assert time.monotonic() < limit, (heard, reports)
        consumer.consume(1, 0.1)
        reports += reader.read(1, 100)[2]
    consumer.close()
    reader.close()
    assert "guessed" not in f"{heard} {reports}"


SECRET = {"sasl.username": "u", "sasl.password": "p", "sasl.mechanism": "PLAIN"}
TOKEN = {
    "security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER",
    "sasl.oauthbearer.client.id": "c", "sasl.oauthbearer.client.secret": "s",
}  # fmt: skip
URL = "sasl.oauthbearer.token.endpoint.url"


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"sasl.jaas.config": "JndiLoginModule"}, "refused-property", "sasl.password"),
        ({"ssl.truststore.location": "/etc/passwd"}, "refused-property", "reads a file"),
        ({"ssl.keystore.location": "x"}, "refused-property", "reads a file"),
        ({"sasl.oauthbearer.jwks.endpoint.url": "file:///x"}, "refused-property", "a URL"),
        ({"sasl.kerberos.kinit.cmd": "x"}, "refused-property", "runs a command"),
        ({"sasl.login.callback.handler.class": "x"}, "refused-property", "loads code"),
        ({"security.providers": "x"}, "refused-property", "loads code"),
        ({"enable.ssl.certificate.verification": "false"}, "refused-property", "always checked"),
        ({"enable.sasl.oauthbearer.unsecure.jwt": "true"}, "refused-property", "Anybody"),
        ({"ssl.enabled.protocols": "TLSv1"}, "refused-property", "For security"),
        ({"sasl.user": "x"}, "refused-property", "sasl.username"),
        ({"security.protocol": "TLS"}, "bad-option", "SASL_SSL"),
        (SECRET, "bad-option", "SASL_SSL"),
        ({"ssl.ca.pem": "x"}, "bad-option", "SASL_SSL"),
        ({"security.protocol": "SASL_SSL"}, "bad-option", "OAUTHBEARER"),
        ({**SECRET, "security.protocol": "SASL_SSL", "sasl.password": ""}, "bad-option", "refer"),
        ({**TOKEN}, "bad-option", "by reference"),
        ({**TOKEN, URL: "file:///etc/passwd"}, "bad-option", "https://"),
        ({**TOKEN, URL: "http://tokens.example/t"}, "bad-option", "https://"),
        ({**TOKEN, URL: "https://u:p@tokens.example/t"}, "bad-option", "client"),
        ({**TOKEN, URL: "https://169.254.169.254/t"}, "bad-option", "server"),
        ({"security.protocol": "SSL", "ssl.key.pem": "x"}, "bad-option", "both"),
        ({"security.protocol": "SSL", "ssl.truststore.type": "JKS"}, "bad-option", "PEM"),
        (
            {"security.protocol": "SSL", "ssl.endpoint.identification.algorithm": "x"},
            "bad-option",
            "https",
        ),
    ],
)
def test_properties_are_taken_by_an_allow_list(
    given: dict[str, str], code: str, words: str
) -> None:
    with pytest.raises(ProjectError) as refused:
        client_properties({"bootstrap.servers": "x:1", **given}, "t")
    assert refused.value.code == f"connector.{code}"
    assert words in str(refused.value.hint)


def test_javas_names_for_pem_texts_mean_the_same() -> None:
    given = {
        "security.protocol": "SSL", "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": "ca", "ssl.keystore.certificate.chain": "c",
        "ssl.keystore.key": "k",
    }  # fmt: skip
    assert client_properties(given, "t") == {
        "security.protocol": "SSL", "ssl.ca.pem": "ca", "ssl.certificate.pem": "c",
        "ssl.key.pem": "k",
    }  # fmt: skip


def test_a_login_for_javas_client_cannot_be_ended_by_its_password() -> None:
    options = {
        "properties.sasl.mechanism": "PLAIN", "properties.sasl.username": "u",
        "properties.sasl.password": 'a"; evil="\\',
    }  # fmt: skip
    made = java_security(options, KAFKA)
    assert made["properties.sasl.jaas.config"] == (
        "org.apache.kafka.common.security.plain.PlainLoginModule required "
        'username="u" password="a\\"; evil=\\"\\\\";'
    )
    assert java_security(made, SHADED) == made
    assert not any(key.endswith("sasl.password") for key in made)


def test_flink_reads_what_a_pipeline_wrote_through_the_same_login(
    secure_kafka: Any, stack: Any, tmp_path: Path, unique_name: Callable[[str], str]
) -> None:
    """One file, its secrets by reference: the engine runs it, and Flink reads its topic."""
    stack.endpoint("flink-taskmanager")
    properties = secure_kafka.properties("SCRAM-SHA-512")
    plain = {k: v for k, v in properties.items() if k not in ("sasl.password", "ssl.ca.pem")}
    for name, content in (("password", secure_kafka.password), ("ca", properties["ssl.ca.pem"])):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o600)
    topic = unique_name("k")
    written = {
        **plain, "sasl.password": "${file:password}", "ssl.ca.pem": "${file:ca}",
    }  # fmt: skip
    options = ", ".join(f"'properties.{key}' = '{value}'" for key, value in written.items())
    declared = (
        f"CREATE TABLE o (n INT) WITH ('connector' = 'kafka', 'topic' = '{topic}', {options},\n"
        "'format' = 'json', 'scan.startup.mode' = 'earliest-offset',\n"
        "'scan.bounded.mode' = 'latest-offset');\n"
    )
    (tmp_path / "tidemill.yaml").write_text("name: secure\npipelines: [p.sql]\n")
    (tmp_path / "p.sql").write_text(declared + "INSERT INTO o VALUES (1), (2);\n")
    KafkaAdmin(client_properties(properties, "t")).create(topic)
    run("p", tmp_path)

    def final(one: TableOptions) -> Mapping[str, str]:
        return adapt({**one.options, **{f"properties.{k}": v for k, v in properties.items()}},
                     tmp_path)  # fmt: skip

    script = cut(declared + "SELECT n FROM o;\n", "p.sql", final)
    gateway = Gateway(stack.endpoint("flink-gateway").properties["url"])
    with gateway.session({"restart-strategy.type": "none"}) as session:
        results = [session.execute(statement) for statement in script.statements]
    assert sorted(row.values for row in results[-1].rows) == [(1,), (2,)]
