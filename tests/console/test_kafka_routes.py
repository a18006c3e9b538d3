"""Topics, messages and consumer groups through the API, on a real broker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from starlette.testclient import TestClient

from tidemill.console.app import guarded_app
from tidemill.console.hub import Hub
from tidemill.console.security.guard import Gate
from tidemill.console.security.sessions import Sessions
from tidemill.interfaces.service import Endpoint

TOKEN = "operator-token-of-the-test"


@pytest.fixture(scope="module")
def bootstrap(kafka_endpoint: Endpoint) -> str:
    return kafka_endpoint.properties["bootstrap.servers"]


@pytest.fixture(scope="module")
def client(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder: Path = tmp_path_factory.mktemp("shop")
    (folder / "tidemill.yaml").write_text(
        f"name: shop\nconnections: {{kafka: {{bootstrap: '{bootstrap}'}}}}\n"
    )
    sessions = Sessions()
    sessions.allow(TOKEN, "operator")
    hub = Hub(folder, Gate(sessions, frozenset({"localhost"}), 8642))
    return TestClient(
        guarded_app(hub, pages=False), base_url="http://localhost:8642",
        headers={"authorization": f"Bearer {TOKEN}"},
    )  # fmt: skip


@pytest.fixture
def topic(client: TestClient, unique_name: Callable[[str], str]) -> Iterator[str]:
    name = unique_name("console")
    made = client.post("/api/v1/topics", json={"name": name, "partitions": 2})
    assert made.status_code == 200, made.text
    yield name
    assert client.delete(f"/api/v1/topics/{name}").json() == {"deleted": name}


def produce(client: TestClient, topic: str, count: int) -> None:
    messages = [
        {"key": f"k{n}", "value": {"n": n, "shop": "north"}, "partition": n % 2,
         "headers": {"trace": f"t{n}"}, "timestamp_ms": 1_000_000 + n * 1000}
        for n in range(count)
    ]  # fmt: skip
    messages.append({"key": None, "value": {"base64": "/wA="}, "partition": 0})
    answer = client.post(f"/api/v1/topics/{topic}/messages", json={"messages": messages})
    assert answer.json() == {"written": count + 1}


def test_messages_are_found_by_place_text_header_and_expression(client, topic):
    produce(client, topic, 10)
    url = f"/api/v1/topics/{topic}/messages"

    def keys(**asked):
        page = client.get(url, params=asked).json()
        return [message["key"] for message in page["messages"]], page

    assert len(keys(start="begin")[0]) == 11
    assert keys(start="begin", key="K7")[0] == ["k7"]
    assert keys(start="begin", value='"n": 3')[0] == ["k3"]
    assert keys(start="begin", header="trace=t4")[0] == ["k4"]
    found, page = keys(start="begin", expression="value.n > 6 && partition == 1")
    assert found == ["k7", "k9"]
    assert (page["scanned"], page["stopped_by"], page["expression_failures"]) == (11, "end", 0)
    assert keys(start="begin", expression="value.n > 100")[1]["expression_failures"] == 1
    assert keys(start="offset", at=-1, partition=1)[0] == ["k9"]
    assert (
        keys(start="time", at=1_008_000)[0][:2] != []
        and "k0" not in keys(start="time", at=1_008_000)[0]
    )
    found, page = keys(start="begin", limit=2)
    assert (len(found), page["stopped_by"]) == (2, "limit")
    raw = keys(start="begin", value="ff 00")[1]["messages"]
    assert [(one["value"], one["value_encoding"]) for one in raw] == [("ff 00", "hex")]
    lines = client.get(url + "/export", params={"start": "begin", "key": "k5"}).text.splitlines()
    assert json.loads(lines[0])["headers"] == {"trace": "t5"} and len(lines) == 1
    wrong = client.get(url, params={"expression": "value.n >"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "console.bad-filter")
    unknown = client.get(url, params={"expression": "secret == 1"})
    assert "secret" in unknown.json()["message"]
    assert client.get("/api/v1/topics/none-such/messages").status_code == 404


def test_topics_are_listed_altered_and_emptied(client, topic):
    produce(client, topic, 4)
    found = next(one for one in client.get("/api/v1/topics").json() if one["name"] == topic)
    assert (found["partitions"], found["messages"]) == (2, 5)
    altered = client.patch(
        f"/api/v1/topics/{topic}", json={"partitions": 3, "settings": {"retention.ms": "60000"}}
    ).json()
    assert altered["settings"]["retention.ms"] == "60000" and len(altered["partitions"]) == 3
    altered = client.patch(f"/api/v1/topics/{topic}", json={"settings": {"retention.ms": None}})
    assert altered.json()["settings"].get("retention.ms") != "60000"
    assert client.post(f"/api/v1/topics/{topic}/empty").json() == {"deleted": 5}
    assert client.get(f"/api/v1/topics/{topic}/messages?start=begin").json()["messages"] == []
    bad = client.patch(f"/api/v1/topics/{topic}", json={"settings": {"no.such": "1"}})
    assert bad.status_code == 502 and bad.json()["code"] == "connector.store-error"


def test_a_group_is_reset_after_a_dry_run_and_only_without_members(client, topic, bootstrap):
    produce(client, topic, 10)
    group = f"{topic}-group"
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    consumer.commit(offsets=[TopicPartition(topic, 0, 4)], asynchronous=False)
    url = f"/api/v1/groups/{group}"
    assert client.get(url).json()["lag"] == 2
    asked = {"topic": topic, "to": "shift", "value": -3}
    planned = client.post(url + "/reset", json=asked).json()
    assert planned["done"] is False
    assert planned["moves"][0] == {
        "topic": topic, "partition": 0, "before": 4, "after": 1, "change": -3,
    }  # fmt: skip
    assert client.get(url).json()["lag"] == 2
    consumer.subscribe([topic])
    limit = 100
    while not consumer.assignment() and limit:
        consumer.poll(0.2)
        limit -= 1
    refused = client.post(url + "/reset", json={**asked, "dry_run": False})
    assert (refused.status_code, refused.json()["code"]) == (409, "console.group-in-use")
    consumer.close()
    for to, value, lag in (("earliest", None, 11), ("latest", None, 0), ("offset", 2, 7)):
        body = {"topic": topic, "to": to, "value": value, "dry_run": False}
        assert client.post(url + "/reset", json=body).json()["done"] is True
        assert client.get(url).json()["lag"] == lag
    assert client.post(url + "/reset", json={"topic": topic, "to": "time"}).status_code == 400
    own = f"tidemill.{group}"
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": own})
    consumer.commit(offsets=[TopicPartition(topic, 0, 4)], asynchronous=False)
    consumer.close()
    body = {"topic": topic, "to": "earliest", "dry_run": False}
    refused = client.post(f"/api/v1/groups/{own}/reset", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "console.group-in-use")
    assert client.get("/api/v1/groups/none-such").status_code == 404


def test_topics_can_be_asked_in_sql(client, topic):
    produce(client, topic, 6)
    sql = f'SELECT shop, count(*) AS n, sum(n) AS s FROM "{topic}" WHERE n > 1 GROUP BY shop'
    answer = client.post("/api/v1/query", json={"sql": sql}).json()
    assert answer["rows"] == [["north", 4, 14]]
    assert any(one["name"] == topic for one in client.get("/api/v1/query/tables").json())
