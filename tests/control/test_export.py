"""Exported files beside the schemas of Compose, of Kubernetes and of Flink's operator."""

from __future__ import annotations

import json
import uuid
import zipfile
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

from tidemill.cli.main import run as run_line
from tidemill.control.check import check
from tidemill.control.demo.folder import copy_example, find_example
from tidemill.control.export.export import export
from tidemill.control.export.model import Exported, Target
from tidemill.control.project_context import server_property
from tidemill.control.run import run
from tidemill.control.topics import Cluster, read_topic
from tidemill.errors import UserError
from tidemill.interfaces.service import Endpoint
from tidemill.project import load_project
from tidemill.services.artifacts import Artifact
from tidemill.services.cache import make_cache_folder
from tidemill.services.download import download
from tidemill.services.repository import repository_url

SERVERS = (
    "{postgres: {properties: {max_wal_size: 2GB}}, kafka: {properties: {log.retention.ms: -1}},"
    " connect: , redis: , registry: , s3: , flink: , airflow: }"
)
BOUNDED = """
CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '20',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '20');
CREATE TABLE kept (id BIGINT) WITH ('connector' = 'kafka', 'topic' = '${var:topic}',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}', 'format' = 'json');
INSERT INTO kept SELECT id FROM numbers;
"""
CRD = Artifact(
    "org.apache.flink:flink-kubernetes-operator-api:1.10.0",
    190877,
    "b1f44814e17514fa8395c61b329a3ee9087123a5bda5b21fe1a495d5182c30b6",
)
"""The operator's own schema of its objects, in the last of its jars that the repository has."""

KUBERNETES = "kubernetes-json-schema/v1.37.0-local-strict"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The taxi example with every server, a second, bounded pipeline, and a secret in a file."""
    folder = tmp_path / "taxi"
    copy_example(find_example("nyc_taxi"), folder)
    file = folder / "tidemill.yaml"
    text = file.read_text()
    # A name that no other run on the same servers has.
    text = text.replace("name: nyc_taxi", f"name: taxi-{uuid.uuid4().hex[:8]}")
    before, _, after = text.partition("servers:\n")
    _, _, rest = after.partition("pipelines:\n")
    variables = rest.replace("variables:\n", "variables:\n  topic: numbers\n")
    file.write_text(f"{before}servers: {SERVERS}\npipelines:\n  - pipelines/*.sql\n{variables}")
    (folder / "pipelines" / "All_Numbers.sql").write_text(BOUNDED)
    secret = folder / "password.txt"
    secret.write_text("hunter2\n")
    secret.chmod(0o600)
    return folder


def exported(project: Path, target: Target) -> tuple[Path, Exported]:
    into = project / "deploy" / target
    return into, export(target, into, project, init_sql=[project / "sql" / "create_table.sql"])


def load(file: Path) -> list[Any]:
    return list(yaml.load_all(file.read_bytes(), Loader=yaml.CSafeLoader))


def compose_schema() -> Any:
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((folder / "compose-spec.json").read_text())


@cache
def kubernetes_definitions() -> Registry[Any]:
    """What the schemas of all kinds refer to; looking through it takes seconds."""
    folder = resources.files("kubernetes_validate") / KUBERNETES
    definitions = json.loads((folder / "_definitions.json").read_text())
    return (Resource.from_contents(definitions) @ Registry()).crawl()


def validate_object(one: Any) -> None:
    """As `kubernetes-validate` does it, strictly: names that a kind does not have are wrong."""
    group, _, version = one["apiVersion"].rpartition("/")
    name = f"{one['kind'].lower()}-{group.split('.')[0] + '-' if group else ''}{version}.json"
    schema = json.loads((resources.files("kubernetes_validate") / KUBERNETES / name).read_text())
    registry = Resource.from_contents(schema) @ kubernetes_definitions()
    jsonschema.Draft202012Validator(schema, registry=registry).validate(one)


@cache
def flink_schema() -> Any:
    """The schema of a FlinkDeployment's `spec`, closed to names that it does not have."""
    jar = make_cache_folder() / "test-files" / CRD.name
    if not jar.is_file():
        jar.parent.mkdir(exist_ok=True)
        download(CRD, repository_url(), jar, lambda _: None)
    with zipfile.ZipFile(jar) as archive:
        text = archive.read("META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml")
    (definition,) = yaml.load_all(text, Loader=yaml.CSafeLoader)
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    # Newer releases of the operator know Flink 2.3.
    schema["properties"]["spec"]["properties"]["flinkVersion"]["enum"].append("v2_3")
    return closed(schema["properties"]["spec"])


def closed(schema: Any) -> Any:
    if isinstance(schema, dict):
        open_ends = schema.get("x-kubernetes-preserve-unknown-fields")
        if "properties" in schema and "additionalProperties" not in schema and not open_ends:
            schema["additionalProperties"] = False
        return {key: closed(value) for key, value in schema.items()}
    return [closed(one) for one in schema] if isinstance(schema, list) else schema


def test_compose_is_what_its_schema_says(project: Path) -> None:
    into, made = exported(project, "compose")
    (content,) = load(into / "compose.yaml")
    schema = compose_schema()
    jsonschema.validate(content, schema)
    services = content["services"]
    assert set(services) == {
        "postgres", "kafka", "connect", "redis", "registry", "s3", "connectors",
        "flink-jobmanager", "flink-taskmanager", "flink-gateway", "pipeline-nyc-taxi",
        "pipeline-all-numbers",
    }  # fmt: skip
    assert services["kafka"]["image"] == "apache/kafka:4.3.1"
    assert services["kafka"]["environment"]["KAFKA_LOG_RETENTION_MS"] == "-1"
    assert services["postgres"]["command"][-1] == "max_wal_size=2GB"
    assert services["pipeline-all-numbers"]["restart"] == "on-failure"
    assert services["pipeline-nyc-taxi"]["command"] == ["tidemill", "run", "nyc_taxi"]
    assert all("ports" not in service for service in services.values())
    for name, service in services.items():  # whatever another waits for tells how it is
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in services[needed], name
    assert made.variables == (
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "S3_ACCESS_KEY",
        "S3_SECRET_KEY",
    )
    # The check can fail: an option that Compose does not have.
    services["kafka"]["helthcheck"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema)


def test_kubernetes_objects_are_what_their_schemas_say(project: Path) -> None:
    into, _ = exported(project, "kubernetes")
    objects = [one for file in sorted(into.glob("kubernetes/*.yaml")) for one in load(file)]
    kinds = {(one["kind"], one["metadata"]["name"]) for one in objects}
    assert {
        ("FlinkDeployment", "flink"), ("Deployment", "flink-gateway"), ("Service", "kafka"),
        ("StatefulSet", "kafka"), ("StatefulSet", "pipeline-nyc-taxi"), ("Job", "connectors"),
        ("Job", "pipeline-all-numbers"), ("PersistentVolumeClaim", "pipeline-all-numbers"),
        ("ConfigMap", "postgres-init"),
    } <= kinds  # fmt: skip
    for one in objects:
        if one["kind"] == "FlinkDeployment":
            jsonschema.Draft202012Validator(flink_schema()).validate(one["spec"])
        else:
            validate_object(one)
    # The checks can fail: a name that is not there.
    flink = next(one for one in objects if one["kind"] == "FlinkDeployment")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(flink_schema()).validate(
            {**flink["spec"], "taskManagers": {}}
        )
    kafka = next(one for one in objects if one["kind"] == "StatefulSet")
    kafka["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"
    with pytest.raises(jsonschema.ValidationError):
        validate_object(kafka)


def test_no_secret_is_written_and_an_older_export_is_not_copied(project: Path) -> None:
    exported(project, "compose")
    into, made = exported(project, "kubernetes")
    assert made.notes == (
        "not copied, as only its owner may read it: password.txt",
        "airflow is left out: use its own chart",
    )
    texts = [p.read_text(errors="replace") for p in into.rglob("*") if p.is_file()]
    assert not any("hunter2" in text for text in texts)
    assert not (into / "project" / "deploy").exists()
    with pytest.raises(UserError) as raised:
        exported(project, "kubernetes")
    assert raised.value.code == "control.not-empty"


def test_the_exported_project_finds_the_servers_by_their_names(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into, made = exported(project, "kubernetes")
    for name in made.variables:
        monkeypatch.setenv(name, "s3cret")
    inner = into / "project"
    assert not any(result.errors for result in check([], inner))
    opened = load_project(inner)
    database = opened.name.replace("-", "_")
    url = f"jdbc:postgresql://postgres:5432/{database}"
    assert server_property(opened, "postgres.jdbc-url") == url
    assert server_property(opened, "connect.url") == "http://connect:8083"
    assert server_property(opened, "flink.jobmanager-url") == "http://flink-rest:8081"


@pytest.mark.servers
def test_the_exported_project_runs_on_a_real_kafka(
    project: Path, kafka_endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = f"exported-{uuid.uuid4().hex}"
    into, _ = exported(project, "compose")
    bootstrap = kafka_endpoint.properties["bootstrap.servers"]
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", bootstrap)
    run("All_Numbers", into / "project", variables={"topic": topic})
    found = read_topic(Cluster(bootstrap=bootstrap), topic)
    assert [json.loads(r.value or b"")["id"] for r in found] == list(range(1, 21))


def test_the_command_says_what_to_set(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_line(["export", "compose", str(project / "out"), "-C", str(project)]) == 0
    said = capsys.readouterr().err
    assert "Set before you start: POSTGRES_PASSWORD" in said
    assert "not copied, as only its owner may read it: password.txt" in said
