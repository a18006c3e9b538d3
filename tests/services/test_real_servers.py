"""The real servers: data and port outlive `kill -9`, loopback only, no secret to be seen."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from tests.conftest import assert_login_is_asked, login_headers

from tidemill.control.connect_client import ConnectClient
from tidemill.control.down import down
from tidemill.control.logs import follow, logs
from tidemill.control.status import status
from tidemill.control.up import StackEvent, up
from tidemill.errors import ServiceError
from tidemill.interfaces.service import Endpoint
from tidemill.services import running_endpoints
from tidemill.services.ports import free_port
from tidemill.services.processes import wait_gone
from tidemill.services.state import read_json, state_folder
from tidemill.services.supervisor import client

pytestmark = pytest.mark.servers


def sql(endpoint: Endpoint, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(
        host=endpoint.host,
        port=endpoint.ports["sql"],
        user=endpoint.properties["user"],
        dbname=endpoint.properties["database"],
        password=endpoint.secrets["password"],
        autocommit=True,
    ) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A stack of our own, that may be killed; in a folder with blanks and other characters."""
    state_dir = tmp_path_factory.mktemp("pro ject") / "it's ünusual" / ".tidemill"
    events: list[StackEvent] = []
    up(state_dir, ["connect", "postgres"], progress=events.append, tie_to_caller=True)
    ready = {event.server: event for event in events if event.kind == "ready"}
    assert set(ready) == {"postgres", "kafka", "connect"}
    assert all(event.seconds > 0 and event.memory_bytes > 1e6 for event in ready.values())
    yield state_dir
    down(state_dir, remove_data=True)
    assert not (state_dir / "servers").exists()


def killed_and_back(state_dir: Path, server: str) -> None:
    before = status(state_dir).server(server)
    os.kill(before.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now = status(state_dir).server(server)
        if now.state == "ready" and now.restarts > before.restarts:
            assert now.pid != before.pid
            assert now.ports == before.ports
            return
        time.sleep(0.1)
    raise AssertionError(f"{server} did not come back: {now}")


def test_status_has_its_schema(own: Path) -> None:
    document = json.loads(json.dumps(status(own).as_dict()))
    assert set(document) == {
        "version", "running", "state_dir", "supervisor_pid", "memory_bytes", "servers",
    }  # fmt: skip
    assert document["running"] is True
    for server in document["servers"]:
        assert set(server) == {
            "name", "state", "pid", "ports", "memory_bytes", "uptime_s", "started_ms",
            "restarts", "log", "last_error", "notes",
        }  # fmt: skip
        assert server["state"] == "ready"
        assert psutil.pid_exists(server["pid"])
        assert server["memory_bytes"] > 1_000_000
    password = running_endpoints(own)["postgres"].secrets["password"]
    assert password not in json.dumps(document)


def test_servers_listen_on_loopback_only(own: Path) -> None:
    listening = 0
    for server in status(own).servers:
        leader = psutil.Process(server.pid)
        for process in [leader, *leader.children(recursive=True)]:
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    listening += 1
                    assert connection.laddr.ip in ("127.0.0.1", "::1", "::ffff:127.0.0.1")
    assert listening >= 4


def test_no_password_in_arguments_environment_or_logs(own: Path) -> None:
    found = running_endpoints(own)
    passwords = [found[name].secrets["password"] for name in ("postgres", "connect")]
    for server in status(own).servers:
        leader = psutil.Process(server.pid)
        for process in [leader, *leader.children(recursive=True)]:
            shown = " ".join([*process.cmdline(), *process.environ().values()])
            assert not any(password in shown for password in passwords)
        log = Path(server.log).read_text(errors="replace")
        assert not any(password in log for password in passwords)


def test_connect_asks_for_a_login_and_lets_connectors_say_how_fast_not_who_as(own: Path) -> None:
    worker = running_endpoints(own)["connect"]
    for path in ("/", "/connectors", "/connectors/", "//connectors", "/connector-plugins",
                 "/connectors/x/config", "/health", "/admin/loggers"):  # fmt: skip
        assert_login_is_asked(worker, path)
    assert_login_is_asked(worker, "/connectors", "POST")
    client = ConnectClient(worker.properties["url"], headers=login_headers(worker))
    postgres = "io.debezium.connector.postgresql.PostgresConnector"
    config = {"connector.class": postgres, "name": "x", "producer.override.linger.ms": "5"}
    assert not any("override" in name for name, _ in client.validate(config))
    for key, value in (("sasl.jaas.config", "com.sun.security.auth.module.JndiLoginModule"),
                       ("bootstrap.servers", "127.0.0.1:1")):  # fmt: skip
        refused = client.validate({**config, f"producer.override.{key}": value})
        assert f"producer.override.{key}" in dict(refused), refused


def test_a_wrong_password_is_refused(own: Path) -> None:
    endpoint = running_endpoints(own)["postgres"]
    wrong = Endpoint(endpoint.host, endpoint.ports, endpoint.properties, {"password": "guess"})
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        sql(wrong, "SELECT 1")


def test_postgres_comes_back_with_its_data(own: Path) -> None:
    endpoint = running_endpoints(own)["postgres"]
    sql(endpoint, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    killed_and_back(own, "postgres")
    assert sql(endpoint, "SELECT count(*) FROM kept") == [(1000,)]


def test_kafka_comes_back_with_its_data_and_takes_transactions(own: Path) -> None:
    bootstrap = running_endpoints(own)["kafka"].properties["bootstrap.servers"]
    producer = Producer({"bootstrap.servers": bootstrap, "message.max.bytes": 16_000_000})
    producer.produce("kept", b"x" * 10_000_000)
    assert producer.flush(30) == 0
    killed_and_back(own, "kafka")
    transactional = Producer({"bootstrap.servers": bootstrap, "transactional.id": "t"})
    transactional.init_transactions(30)
    transactional.begin_transaction()
    transactional.produce("kept", b"second", timestamp=1)
    transactional.commit_transaction(30)
    reader = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "g",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    reader.subscribe(["kept"])
    sizes: list[int] = []
    deadline = time.monotonic() + 30
    while len(sizes) < 2 and time.monotonic() < deadline:
        message = reader.poll(1)
        if message is not None and message.error() is None:
            sizes.append(len(message.value()))
    reader.close()
    assert sizes == [10_000_000, 6]


def test_connect_comes_back(own: Path) -> None:
    killed_and_back(own, "connect")


def test_a_second_up_is_quick_and_changes_nothing(own: Path) -> None:
    before = {server.name: server.pid for server in status(own).servers}
    began = time.monotonic()
    up(own, ["postgres", "connect"])
    assert time.monotonic() - began < 2
    assert {server.name: server.pid for server in status(own).servers} == before


def test_postgres_never_runs_as_root(own: Path) -> None:
    assert psutil.Process(status(own).server("postgres").pid).uids().effective != 0
    folder = own / "servers" / "postgres" / "data"
    assert folder.stat().st_mode & 0o077 == 0


def test_logs(own: Path) -> None:
    assert len(logs(own, "kafka", 5)) == 5
    lines = follow(own, "postgres", 1)
    assert next(lines)
    with pytest.raises(ServiceError, match="there is no server `kafak`") as caught:
        logs(own, "kafak")
    assert "kafka" in caught.value.hint


def test_no_server_outlives_a_killed_supervisor(own: Path) -> None:
    now = status(own)
    leaders = [psutil.Process(server.pid) for server in now.servers]
    family = [child for leader in leaders for child in leader.children(recursive=True)]
    os.kill(now.supervisor_pid, signal.SIGKILL)
    assert wait_gone([*leaders, *family], 15)
    assert status(own).running is False
    assert running_endpoints(own) == {}


def test_data_and_ports_outlive_down_and_up(tmp_path: Path) -> None:
    state_dir = tmp_path / ".tidemill"
    up(state_dir, ["postgres"], tie_to_caller=True)
    endpoint = running_endpoints(state_dir)["postgres"]
    sql(endpoint, "CREATE TABLE kept AS SELECT 7 AS n")
    assert down(state_dir).stopped == ("postgres",)
    assert status(state_dir).running is False
    assert status(state_dir).server("postgres").state == "stopped"
    assert down(state_dir).stopped == ()
    up(state_dir, ["postgres"], tie_to_caller=True)
    again = running_endpoints(state_dir)["postgres"]
    assert again == endpoint
    assert sql(again, "SELECT n FROM kept") == [(7,)]
    os.kill(client.read_status(state_folder(state_dir)).process.pid, signal.SIGKILL)
    up(state_dir, ["postgres"], tie_to_caller=True)
    assert sql(again, "SELECT n FROM kept") == [(7,)]
    down(state_dir)


def test_own_properties_and_port_are_used(tmp_path: Path) -> None:
    port = free_port()
    state_dir = tmp_path / ".tidemill"
    settings = {"postgres": {"port": port, "properties": {"work_mem": "7MB"}}}
    up(state_dir, ["postgres"], settings, tie_to_caller=True)
    endpoint = running_endpoints(state_dir)["postgres"]
    assert endpoint.ports["sql"] == port
    assert sql(endpoint, "SHOW work_mem") == [("7MB",)]
    up(state_dir, ["postgres"], {"postgres": {"properties": {"work_mem": "8MB"}}})
    assert "take effect after `tidemill down`" in status(state_dir).server("postgres").notes[-1]
    down(state_dir)


def test_a_wrong_property_stops_the_start_with_the_server_s_own_words(tmp_path: Path) -> None:
    settings = {"postgres": {"properties": {"work_memm": "7MB"}}}
    with pytest.raises(ServiceError) as caught:
        up(tmp_path / ".tidemill", ["postgres"], settings, tie_to_caller=True)
    assert 'unrecognized configuration parameter "work_memm"' in caught.value.detail
    down(tmp_path / ".tidemill")


@pytest.mark.parametrize(
    ("server", "key", "value"),
    [
        ("postgres", "listen_addresses", "*"),
        ("kafka", "listeners", "BROKER://0.0.0.0:9092"),
        ("kafka", "log.dirs", "/elsewhere"),
    ],
)
def test_nobody_opens_a_server_to_the_network(tmp_path: Path, server, key, value) -> None:
    state_dir = tmp_path / ".tidemill"
    with pytest.raises(ServiceError, match="cannot be set") as caught:
        up(state_dir, [server], {server: {"properties": {key: value}}}, tie_to_caller=True)
    assert caught.value.code == "service.bad-setting"
    down(state_dir)


def test_a_first_start_that_was_killed_half_way_is_begun_again(tmp_path: Path) -> None:
    state_dir = tmp_path / ".tidemill"
    half = state_dir / "servers" / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    up(state_dir, ["postgres"], tie_to_caller=True)
    assert sql(running_endpoints(state_dir)["postgres"], "SELECT 1") == [(1,)]
    down(state_dir)


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ServiceError) as caught:
        up(tmp_path / ".tidemill", ["postgrs"])
    assert caught.value.code == "service.unknown-server"
    with pytest.raises(ServiceError) as caught:
        up(tmp_path / ".tidemill", ["kafka"], {"kafka": {"heap": 3}})
    assert caught.value.code == "service.bad-setting"


def test_a_lost_password_is_a_clear_error(tmp_path: Path) -> None:
    state_dir = tmp_path / ".tidemill"
    up(state_dir, ["postgres"], tie_to_caller=True)
    down(state_dir)
    credentials = state_dir / "servers" / "postgres" / "credentials.json"
    assert read_json(credentials)["password"]
    credentials.unlink()
    with pytest.raises(ServiceError) as caught:
        up(state_dir, ["postgres"], tie_to_caller=True)
    assert caught.value.code == "service.data-unusable"
    down(state_dir)
