"""Avro with a real schema registry: contracts, evolution, bad messages, and the verbs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import ClassVar

import pyarrow as pa
import pytest
from tests.conftest import assert_login_is_asked

from tidemill.errors import ConnectorError
from tidemill.formats import FORMATS
from tidemill.formats.schema_registry.client import RegistryLogin, SchemaRegistry
from tidemill.model import Batch, RowKind
from tidemill.testing import FormatContract

pytestmark = pytest.mark.servers


@pytest.fixture
def registry(registry_endpoint) -> SchemaRegistry:
    login = registry_endpoint.secrets["user-info"]
    return SchemaRegistry(RegistryLogin(registry_endpoint.properties["url"], login))


@pytest.fixture
def reach(registry_endpoint) -> dict[str, str]:
    """The options of a table, with which it reaches the registry."""
    login = {"basic-auth.user-info": registry_endpoint.secrets["user-info"]}
    return {"url": registry_endpoint.properties["url"], **login}


class TestAvroConfluent(FormatContract):
    factory = FORMATS["avro-confluent"]
    columns: ClassVar[str] = "j BIGINT NOT NULL, a INT, b STRING, n ROW<x INT>, m ARRAY<STRING>"
    kinds: ClassVar[list[int] | None] = None

    @pytest.fixture(autouse=True)
    def _setup(self, schema_of, reach, unique_name) -> None:
        self.schema = schema_of(self.columns)
        self.options = {**reach, "subject": unique_name("s")}
        self.samples = tuple(self.encoder().encode(self.batch()).to_pylist())

    def batch(self) -> Batch:
        rows = [
            {"j": 1, "a": None, "b": "x", "n": {"x": 1}, "m": ["p", None]},
            {"j": 2, "a": 5, "b": None, "n": None, "m": []},
        ]
        record = pa.RecordBatch.from_pylist(rows, schema=self.schema.arrow())
        return Batch(record, self.kinds and pa.array(self.kinds, pa.int8()))


class TestDebeziumAvroConfluent(TestAvroConfluent):
    factory = FORMATS["debezium-avro-confluent"]
    kinds = [RowKind.INSERT, RowKind.DELETE]  # noqa: RUF012


def test_the_registry_asks_for_a_login(registry_endpoint):
    for path in ("/apis/ccompat/v7/subjects", "/apis/registry/v3/groups", "/ui/", "/",
                 "/apis/ccompat/v7//subjects", "/x/../apis/ccompat/v7/subjects"):  # fmt: skip
        assert_login_is_asked(registry_endpoint, path)
    assert_login_is_asked(registry_endpoint, "/apis/ccompat/v7/subjects/x/versions", "POST")


def avro(*fields) -> str:
    made = [{"name": n, "type": ty} for n, ty in fields]
    return json.dumps({"type": "record", "name": "w", "fields": made})


def framed(schema_id: int, body: bytes) -> bytes:
    return b"\x00" + schema_id.to_bytes(4) + body


def test_writers_evolve_and_bad_messages_are_set_aside(schema_of, registry, reach, unique_name):
    subject = unique_name("s")
    old = registry.register(subject, avro(("id", "int")))
    new = registry.register(subject, avro(("id", "long"), ("v", ["null", "string"])))
    other = registry.register(unique_name("x"), avro(("id", "string")))
    factory = FORMATS["avro-confluent"]
    options = factory.options.parse({**reach})
    decoder = factory.decoder(schema_of("id BIGINT NOT NULL, v STRING"), options, None)
    decoded = decoder.decode(
        [
            framed(new, b"\x04\x02\x02b"), framed(old, b"\x02"), b"{}", framed(2**31 - 1, b"\x02"),
            framed(other, b"\x02a"), None, framed(new, b"\x04\x02\x09b"), framed(old, b"\x06"),
            b"{\"id\": 1}",
        ]
    )  # fmt: skip
    assert decoded.rows.to_pylist() == [
        {"id": 2, "v": "b"}, {"id": 1, "v": None}, {"id": 3, "v": None}
    ]  # fmt: skip
    assert decoded.origin.to_pylist() == [0, 1, 7]
    assert decoded.skipped == 1
    assert [(r.index, r.code) for r in decoded.rejects] == [
        (2, "format.bad-magic"), (3, "format.unknown-schema"), (4, "format.incompatible-schema"),
        (6, "format.malformed"), (8, "format.bad-magic"),
    ]  # fmt: skip


CHANGED = {
    "added": avro(("id", "long"), ("v", ["null", "string"]), ("w", "int")),
    "missing": avro(("id", "long")),
    "unreadable": avro(("id", "string"), ("v", ["null", "string"])),
}


STOPS = {"fail": {*CHANGED}, "ignore": set(), "evolve": {"missing", "unreadable"}}


@pytest.mark.parametrize("behavior", STOPS)
@pytest.mark.parametrize("name", ["avro-confluent", "debezium-avro-confluent"])
def test_a_schema_with_other_fields_stops_or_goes_on(
    schema_of, registry, reach, unique_name, caplog, name, behavior
):
    factory = FORMATS[name]
    options = factory.options.parse({**reach, "schema.change.behavior": behavior})
    bodies = {"added": b"\x02\x00\x02", "missing": b"\x02", "unreadable": b"\x02a\x00"}
    for change, text in CHANGED.items():
        body, schema = bodies[change], json.loads(text)
        if name != "avro-confluent":
            event = avro(("before", ["null", schema]), ("after", ["null", "w"]), ("op", "string"))
            schema = {**json.loads(event), "name": "e"}
            body = b"\x00\x02" + body + b"\x02c"
        schema_id = registry.register(unique_name("s"), json.dumps(schema))
        decoder = factory.decoder(schema_of("id BIGINT, v STRING"), options, None)
        caplog.clear()
        if change in STOPS[behavior]:
            with pytest.raises(ConnectorError) as caught:
                decoder.decode([framed(schema_id, body)])
            assert caught.value.code == "format.schema-changed", change
            continue
        decoded = decoder.decode([framed(schema_id, body)])
        if change == "unreadable":
            assert [reject.code for reject in decoded.rejects] == ["format.incompatible-schema"]
        else:
            assert decoded.rows.to_pylist() == [{"id": 1, "v": None}], change
            assert f"schema {schema_id}" in caplog.text


def test_an_incompatible_sink_is_stopped_before_it_writes(schema_of, registry, reach, unique_name):
    subject = unique_name("s")
    registry.register(subject, avro(("id", "long")))
    registry.set_compatibility(subject, "BACKWARD")
    factory = FORMATS["avro-confluent"]
    schema = schema_of("id BIGINT NOT NULL, must STRING NOT NULL")
    encoder = factory.encoder(schema, factory.options.parse({**reach, "subject": subject}))
    rows = pa.RecordBatch.from_pylist([{"id": 1, "must": "x"}], schema=schema.arrow())
    with pytest.raises(ConnectorError) as caught:
        encoder.encode(Batch(rows))
    assert caught.value.code == "format.incompatible-schema"
    assert not caught.value.retryable
    assert registry.versions(subject) == [1]


def test_debezium_events_become_changes(schema_of, registry, reach, unique_name):
    row = {"type": "record", "name": "Value", "fields": [{"name": "id", "type": "int"}]}
    event = avro(("before", ["null", row]), ("after", ["null", "Value"]), ("op", "string"),
                 ("ts_ms", ["null", "long"]))  # fmt: skip
    schema_id = registry.register(unique_name("s"), event)
    factory = FORMATS["debezium-avro-confluent"]
    decoder = factory.decoder(schema_of("id INT"), factory.options.parse({**reach}), None)
    bodies = [b"\x00\x02\x02\x02r\x00", b"\x02\x02\x02\x04\x02u\x00", b"\x02\x04\x00\x02d\x00",
              b"\x00\x02\x02\x02u\x00", b"\x00\x00\x02d\x00", b"\x00\x02\x02\x02x\x00",
              b"\x00\x00\x02c\x00"]  # fmt: skip
    decoded = decoder.decode([framed(schema_id, body) for body in bodies])
    assert [row["id"] for row in decoded.rows.to_pylist()] == [1, 1, 2, 2]
    assert decoded.kinds.to_pylist() == [0, 1, 2, 3]
    assert decoded.origin.to_pylist() == [0, 1, 1, 2]
    assert [r.code for r in decoded.rejects] == [
        "format.before-missing", "format.before-missing", "format.unknown-op",
        "format.after-missing",
    ]  # fmt: skip


def test_a_union_of_null_and_a_record_is_read_as_the_record(
    schema_of, registry, reach, unique_name
):
    """As Flink's debezium-avro-confluent writes."""
    factory = FORMATS["avro-confluent"]
    record = json.loads(avro(("id", "int")))
    for union, branch in ((["null", record], b"\x02"), ([record, "null"], b"\x00")):
        schema_id = registry.register(unique_name("s"), json.dumps(union))
        decoder = factory.decoder(schema_of("id INT"), factory.options.parse({**reach}), None)
        other = b"\x00" if branch == b"\x02" else b"\x02"
        decoded = decoder.decode([framed(schema_id, b) for b in (branch + b"\x06", other, b"")])
        assert decoded.rows.to_pylist() == [{"id": 3}]
        assert [reject.code for reject in decoded.rejects] == ["format.malformed"] * 2


def test_changes_tell_their_place_where_the_source_does(schema_of, registry, reach, unique_name):
    """What comes twice is told by it; a `source` of another shape tells nothing, and is no harm."""
    row = {"type": "record", "name": "Value", "fields": [{"name": "id", "type": "int"}]}
    postgres = {"type": "record", "name": "Source", "fields": [
        {"name": n, "type": ["null", t]} for n, t in
        (("name", "string"), ("db", "string"), ("connector", "string"), ("lsn", "long"),
         ("sequence", "string"), ("snapshot", "string"), ("ts_ms", "long"))]}  # fmt: skip
    odd = {"type": "record", "name": "Source", "fields": [{"name": "snapshot", "type": "boolean"}]}
    factory = FORMATS["debezium-avro-confluent"]
    change = b"\x00\x02\x02\x02c"
    body = b'\x02\x02p\x02\x02d\x02\x14postgresql\x02\x0e\x02\x0e["5",7]\x00\x02\x06'
    for source, bytes_, place in ((postgres, body, ("p/d", 5, 7, 3)), (odd, b"\x01", None)):
        event = avro(("before", ["null", row]), ("after", ["null", "Value"]), ("op", "string"),
                     ("source", source))  # fmt: skip
        schema_id = registry.register(unique_name("s"), event)
        for deduplicate in ("true", "false"):
            options = factory.options.parse({**reach, "deduplicate": deduplicate})
            decoder = factory.decoder(schema_of("id INT"), options, None)
            decoded = decoder.decode([None, framed(schema_id, change + bytes_)])
            assert decoded.rows.to_pylist() == [{"id": 1}]
            told = None if decoded.changes is None else decoded.changes[1]
            if deduplicate == "false" or place is None:
                assert told is None
            else:
                assert (told.history, told.commit, told.change, told.timestamp_ms) == place


def test_the_verbs(registry_endpoint, unique_name, tmp_path):
    url = registry_endpoint.properties["url"]
    (tmp_path / "tidemill.yaml").write_text(
        f"name: verbs\nconnections: {{registry: {{url: '{url}', user: tidemill,\n"
        "  password: '${env:REGISTRY_PASSWORD}'}}\n"
    )
    env = {**os.environ, "REGISTRY_PASSWORD": registry_endpoint.secrets["password"]}

    def schema(*arguments: str, to: str = url) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tidemill.cli", "schema", *arguments, "--registry", to]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=tmp_path, env=env
        )

    # The login goes where tidemill.yaml says, and to no other address.
    assert "refuses the login" in schema("list", to=url.replace("127.0.0.1", "localhost")).stderr

    subject = unique_name("orders")
    (tmp_path / "a.avsc").write_text(avro(("id", "long")))
    (tmp_path / "b.avsc").write_text(avro(("id", "string")))
    assert "any schema may be its first" in schema("check", subject, "a.avsc").stdout
    made = schema("register", subject, "a.avsc", "--compatibility", "BACKWARD", "--json")
    assert json.loads(made.stdout)["version"] == 1, made.stderr
    listed = {s["subject"]: s for s in json.loads(schema("list", "--json").stdout)}
    assert listed[subject]["compatibility"] == "BACKWARD"
    assert json.loads(schema("show", subject).stdout)["fields"][0]["name"] == "id"
    refused = schema("check", subject, "b.avsc")
    assert refused.returncode == 1 and "incompatible (BACKWARD)" in refused.stdout
    assert schema("register", subject, "b.avsc").returncode != 0
    assert "has no" in schema("show", unique_name("none")).stderr
