"""The project's own Kafka with `auth: true`: nobody gets in without, and all of ours does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tidemill.control.connectors import Connect, list_connectors
from tidemill.control.down import down
from tidemill.control.flink_text import flink_script
from tidemill.control.pipeline import resolve_sql
from tidemill.control.project_context import open_project
from tidemill.control.run import run
from tidemill.control.status import status
from tidemill.control.topics import Cluster, read_topic
from tidemill.control.up import up
from tidemill.errors import ServiceError
from tidemill.runners.flink import Gateway
from tidemill.services import running_endpoints
from tidemill.services.settings import parse_settings

pytestmark = pytest.mark.servers
TABLE = """CREATE TABLE o (n INT) WITH ('connector' = 'kafka', 'topic' = 'numbers',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}', 'format' = 'json',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset');
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("login")
    (folder / "tidemill.yaml").write_text(
        "name: login\npipelines: [p.sql]\nservers: {kafka: {auth: true}, connect: }\n"
    )
    (folder / "p.sql").write_text(f"{TABLE}INSERT INTO o VALUES (1), (2);\n")
    found = open_project(folder)
    up(found.state_dir, found.settings.servers.names, found.settings.servers.given(),
       tie_to_caller=True)  # fmt: skip
    yield folder
    down(found.state_dir, remove_data=True)


def test_nobody_gets_in_without_the_login(project: Path) -> None:
    state = project / ".tidemill"
    kafka = running_endpoints(state)["kafka"]
    password = kafka.secrets["password"]
    right = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
             "sasl.username": kafka.properties["user"], "sasl.password": password}  # fmt: skip

    def topics(login: dict[str, str], timeout_s: float = 2) -> Any:
        address = {"bootstrap.servers": kafka.properties["bootstrap.servers"], "log_level": 0}
        return AdminClient({**address, **login}).list_topics(timeout=timeout_s).topics

    assert topics(right, 20)
    for wrong in ({}, {**right, "sasl.password": password[:-1]}, {**right, "sasl.username": "u"}):
        with pytest.raises(KafkaException):
            topics(wrong)
    for server in status(state).servers:
        assert password not in " ".join(psutil.Process(server.pid).cmdline())
        assert password not in Path(server.log).read_text(errors="replace")


def test_one_file_runs_here_and_on_flink_without_a_word_of_the_login(
    project: Path, stack: Any
) -> None:
    run("p", project)
    cluster = Cluster(project)
    found = [json.loads(record.value or b"") for record in read_topic(cluster, "numbers")]
    assert sorted(row["n"] for row in found) == [1, 2]
    assert list_connectors(Connect(project)) == []
    secrets: list[str] = []
    source = resolve_sql(open_project(project), f"{TABLE}SELECT n FROM o;\n", "q.sql")
    script = flink_script(source, source.text, project, secrets)
    assert secrets == [running_endpoints(project / ".tidemill")["kafka"].secrets["password"]]
    stack.endpoint("flink-taskmanager")
    gateway = Gateway(stack.endpoint("flink-gateway").properties["url"])
    with gateway.session({"restart-strategy.type": "none"}) as session:
        results = [session.execute(statement) for statement in script.statements]
    assert sorted(row.values for row in results[-1].rows) == [(1,), (2,)]


def test_other_servers_have_no_such_setting() -> None:
    for server, given in (("connect", {"auth": True}), ("kafka", {"auth": "yes"})):
        with pytest.raises(ServiceError, match="auth"):
            parse_settings(server, given)
