"""topic, connector and run through the real program, on real servers."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tidemill.interfaces.service import Endpoint

pytestmark = pytest.mark.servers
Tidemill = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path, kafka_endpoint: Endpoint) -> Path:
    bootstrap = kafka_endpoint.properties["bootstrap.servers"]
    (tmp_path / "tidemill.yaml").write_text(
        f"name: cli-test\nconnections:\n  kafka: {{bootstrap.servers: '{bootstrap}'}}\n"
    )
    return tmp_path


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_life_of_a_topic(
    tidemill: Tidemill, project: Path, unique_name: Callable[[str], str]
) -> None:
    topic = unique_name("cli")
    done = tidemill("topic", "create", topic, "-p", "2", "--config", "cleanup.policy=compact")
    assert done.returncode == 0, done.stderr
    assert "already exists" in tidemill("topic", "create", topic).stderr
    described = json.loads(tidemill("topic", "describe", topic, "--json").stdout)
    assert len(described["partitions"]) == 2
    assert described["settings"]["cleanup.policy"] == "compact"
    assert topic in [t["name"] for t in json.loads(tidemill("topic", "list", "--json").stdout)]

    given = [
        {"key": "a", "value": "text", "partition": 0, "headers": {"h": "1"}},
        {"key": "b", "value": {"x": 1}, "partition": 1},
        {"key": {"base64": "/w=="}, "value": {"base64": "AP8="}, "partition": 0},
        {"key": "a", "value": None, "partition": 0},
    ]
    stdin = "".join(json.dumps(record) + "\n" for record in given)
    assert json.loads(tidemill("topic", "write", topic, "--json", stdin=stdin).stdout) == {
        "topic": topic,
        "written": 4,
    }
    found = lines(tidemill("topic", "read", topic, "--json"))
    assert {(str(r["key"]), str(r["value"]), r["partition"], r["offset"]) for r in found} == {
        ("a", "text", 0, 0),
        ("b", '{"x": 1}', 1, 0),
        ("{'base64': '/w=='}", "{'base64': 'AP8='}", 0, 1),
        ("a", "None", 0, 2),
    }
    tail = lines(tidemill("topic", "read", topic, "--json", "--partition", "0", "--offset", "-1"))
    assert [r["offset"] for r in tail] == [2]
    assert tidemill("topic", "read", topic, "-n", "1").stdout.count("\n") == 1

    assert (
        tidemill("topic", "write", topic, "--key-separator", ":", stdin="k:v:w\n").returncode == 0
    )
    keyed = lines(tidemill("topic", "read", topic, "--json", "--offset", "-1"))
    assert ("k", "v:w") in [(r["key"], r["value"]) for r in keyed]

    assert tidemill("topic", "delete", topic).returncode == 2
    wrong = tidemill("topic", "delete", topic, topic + "x", "--yes")
    assert wrong.returncode == 3
    assert f"Did you mean `{topic}`?" in wrong.stderr
    assert tidemill("topic", "delete", topic, "--yes").returncode == 0
    assert tidemill("topic", "read", topic).returncode == 3


@pytest.mark.parametrize(
    ("line", "arguments", "message"),
    [
        ("nonsense", ("--json",), "the line is not a message"),
        ('{"key": 1}', ("--json",), "`value`"),
        ('{"value": {"base64": "?"}}', ("--json",), "the line is not a message"),
        ("nonsense", ("--key-separator", "|"), "no key separator"),
    ],
)
def test_bad_messages_are_shown_at_their_line(
    tidemill: Tidemill,
    project: Path,
    kafka_endpoint: Endpoint,
    line: str,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    tidemill("topic", "create", "cli-bad")
    done = tidemill("topic", "write", "cli-bad", *arguments, stdin=f"\n{line}\n")
    assert done.returncode == 1
    assert message in done.stderr
    if "--json" in arguments:
        where = {"file": "standard input", "line": 2, "column": 1}
        assert json.loads(done.stderr)["error"]["where"] == where
    else:
        assert "standard input:2:1" in done.stderr


def test_a_broker_that_is_not_there(tidemill: Tidemill) -> None:
    done = tidemill("topic", "list", "--bootstrap", "127.0.0.1:1")
    assert done.returncode == 3
    assert "no Kafka broker answers at 127.0.0.1:1" in done.stderr
    assert done.stderr.count("\n") <= 3


def test_a_pipeline_killed_at_any_moment_writes_every_row_once(
    tidemill: Tidemill, project: Path, unique_name: Callable[[str], str]
) -> None:
    source, sink = unique_name("in"), unique_name("out")
    rows = 3000
    for topic in (source, sink):
        assert tidemill("topic", "create", topic, "-p", "2").returncode == 0
    values = "".join(f'{{"id": {i}}}\n' for i in range(rows)) + "not json\n"
    assert tidemill("topic", "write", source, stdin=values).returncode == 0
    kafka = (
        "'connector'='kafka', 'format'='json', "
        "'properties.bootstrap.servers'='${server:kafka.bootstrap}'"
    )
    name = unique_name("copy").replace(".", "-")
    (project / f"{name}.sql").write_text(
        f"CREATE TABLE a (id BIGINT) WITH ({kafka}, 'topic'='{source}', "
        f"'scan.startup.mode'='earliest-offset', 'properties.group.id'='{name}');\n"
        f"CREATE TABLE b (id BIGINT) WITH ({kafka}, 'topic'='{sink}', "
        f"'sink.delivery-guarantee'='exactly-once', 'sink.transactional-id-prefix'='{name}');\n"
        "INSERT INTO b SELECT id FROM a WHERE MOD(id, 3) <> 0;\n"
    )
    command = [sys.executable, "-m", "tidemill.cli", "run", f"{name}.sql", "--json"]
    for pause_s in (0.9, 1.3):
        process = subprocess.Popen(command, cwd=project, stdout=subprocess.DEVNULL)
        time.sleep(pause_s)
        process.kill()
        process.wait()
    done = tidemill("run", f"{name}.sql", "--until-caught-up", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["rows_in"], result["rows_rejected"]) == (rows, 1)
    ids = [
        json.loads(str(r["value"]))["id"] for r in lines(tidemill("topic", "read", sink, "--json"))
    ]
    assert sorted(ids) == [i for i in range(rows) if i % 3]
    letters = lines(tidemill("topic", "read", f"{name}.dead-letter", "--json"))
    assert [json.loads(str(r["value"]))["topic"] for r in letters] == [source]

    (project / "look.sql").write_text(
        f"CREATE TABLE b (id BIGINT) WITH ({kafka}, 'topic'='{sink}', "
        "'scan.startup.mode'='earliest-offset', 'scan.bounded.mode'='latest-offset');\n"
        "SELECT id FROM b WHERE id < 10;"
    )
    shown = lines(tidemill("sql", "-f", "look.sql", "--json"))
    assert sorted(r["row"]["id"] for r in shown) == [1, 2, 4, 5, 7, 8]  # type: ignore[index]


def test_connectors(
    tidemill: Tidemill,
    tmp_path: Path,
    connect_endpoint: Endpoint,
    postgres_endpoint: Endpoint,
    unique_name: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = unique_name("cdc").replace("-", "_").replace(".", "_").lower()
    secret = postgres_endpoint.secrets["password"]
    config = {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "database.hostname": postgres_endpoint.host,
        "database.port": postgres_endpoint.ports["sql"],
        "database.user": postgres_endpoint.properties["user"],
        "database.password": "${env:PG_PASSWORD}",
        "database.dbname": postgres_endpoint.properties["database"],
        "topic.prefix": name,
        "plugin.name": "pgoutput",
        "slot.name": name,
        "publication.name": name,
        "schema.include.list": name,
        "slot.drop.on.stop": "true",
    }
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"name": name, "config": config}))
    (tmp_path / "tidemill.yaml").write_text(
        "name: worker\nconnections: {connect: {url: 'x', user: tidemill,\n"
        "  password: '${env:CONNECT_PASSWORD:-}'}}\n".replace(
            "'x'", f"'{connect_endpoint.properties['url']}'"
        )
    )
    monkeypatch.setenv("CONNECT_PASSWORD", connect_endpoint.secrets.get("password", ""))
    url = ("--url", connect_endpoint.properties["url"])
    seen = []

    def connector(verb: str, *arguments: str, **given: object) -> subprocess.CompletedProcess[str]:
        done = tidemill("connector", verb, *arguments, *url, **given)
        seen.append(done.stdout + done.stderr)
        return done

    env = {"PG_PASSWORD": secret}
    assert connector("register", str(file)).returncode == 1
    assert "PG_PASSWORD is not set" in seen[-1]
    wrong = connector("register", str(file), env={"PG_PASSWORD": "wrong"})
    assert wrong.returncode in (1, 3)
    registered = connector("register", str(file), "--json", env=env)
    assert registered.returncode == 0, registered.stderr
    assert json.loads(registered.stdout)["state"] == "RUNNING"
    try:
        assert name in connector("list").stdout
        for verb, state in (("pause", "PAUSED"), ("resume", "RUNNING"), ("restart", "RUNNING")):
            done = connector(verb, name, "--json")
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["state"] == state
        assert "task 0: RUNNING" in connector("status", name).stdout
        gone = connector("status", name + "x")
        assert gone.returncode == 1
        assert f"Did you mean `{name}`?" in gone.stderr
    finally:
        assert connector("delete", name).returncode == 0
    assert name not in connector("list").stdout
    assert secret not in "".join(seen)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "no connector configuration"),
        ('{"config": {}}', "no connector"),
    ],
)
def test_a_connector_file_that_is_none(
    tidemill: Tidemill, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "c.json").write_text(text)
    done = tidemill("connector", "register", "c.json", "--url", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert message in done.stderr
