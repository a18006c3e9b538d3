"""Schemas through the API, on a real registry."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from tidemill.console.app import guarded_app
from tidemill.console.hub import Hub
from tidemill.console.pages.schema import difference_html
from tidemill.console.security.guard import Gate
from tidemill.console.security.sessions import Sessions
from tidemill.control.schema_difference import SchemaDifference
from tidemill.formats.schema_registry.client import RegistryLogin, SchemaRegistry

TOKEN = "operator-token-of-the-test"


def avro(*fields: tuple[str, object]) -> str:
    made = [{"name": name, "type": type_} for name, type_ in fields]
    return json.dumps({"type": "record", "name": "w", "fields": made})


@pytest.fixture
def client(registry_endpoint, tmp_path, monkeypatch) -> TestClient:
    url = registry_endpoint.properties["url"]
    monkeypatch.setenv("REGISTRY_PASSWORD", registry_endpoint.secrets["password"])
    (tmp_path / "tidemill.yaml").write_text(
        f"name: shop\nconnections: {{registry: {{url: '{url}', user: tidemill,\n"
        "  password: '${env:REGISTRY_PASSWORD}'}}\n"
    )
    sessions = Sessions()
    sessions.allow(TOKEN, "operator")
    hub = Hub(tmp_path, Gate(sessions, frozenset({"localhost"}), 8642))
    return TestClient(
        guarded_app(hub, pages=False), base_url="http://localhost:8642",
        headers={"authorization": f"Bearer {TOKEN}"},
    )  # fmt: skip


@pytest.mark.servers
def test_versions_their_difference_and_what_may_follow(client, registry_endpoint, unique_name):
    login = registry_endpoint.secrets["user-info"]
    registry = SchemaRegistry(RegistryLogin(registry_endpoint.properties["url"], login))
    subject = unique_name("s")
    registry.register(subject, avro(("a", "int")))
    registry.register(subject, avro(("a", "int"), ("b", ["null", "string"])))
    registry.set_compatibility(subject, "BACKWARD")
    listed = {one["subject"]: one for one in client.get("/api/v1/schemas").json()}
    assert (listed[subject]["versions"], listed[subject]["compatibility"]) == ([1, 2], "BACKWARD")
    url = f"/api/v1/schemas/{subject}"
    assert json.loads(client.get(f"{url}/versions/1").json()["schema"])["fields"][0]["name"] == "a"
    found = client.get(f"{url}/difference", params={"before": 1, "after": 2}).json()
    changed = [line["text"].strip() for line in found["lines"] if line["kind"] == "added"]
    assert '"name": "b",' in changed and found["same"] is False
    assert client.get(f"{url}/difference", params={"before": 2, "after": 2}).json()["same"]

    def follows(text: str) -> dict[str, object]:
        body = {"subject": subject, "text": text}
        found: dict[str, object] = client.post("/api/v1/schemas/compatibility", json=body).json()
        return found

    assert follows(avro(("a", "long")))["compatible"] is True
    refused = follows(avro(("a", "int"), ("c", "string")))
    assert refused["compatible"] is False and refused["messages"]
    assert client.get("/api/v1/schemas").json() and registry.versions(subject) == [1, 2]
    missing = client.get(f"{url}/versions/9")
    assert (missing.status_code, missing.json()["code"]) == (404, "format.unknown-schema")


def test_a_schema_cannot_write_into_the_page():
    found = SchemaDifference("s", 1, 2, (("removed", "<b>"), ("added", "</pre><script>")))
    assert "<b>" not in difference_html(found) and "<script>" not in difference_html(found)
