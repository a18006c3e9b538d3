"""A project that reaches the session's S3 store, and Kafka."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tidemill.stores import ObjectStore, open_store


@dataclass(frozen=True)
class LakeProject:
    root: Path
    store: ObjectStore
    prefix: str

    @property
    def url(self) -> str:
        return f"s3://lake/{self.prefix}"

    def keys(self) -> list[str]:
        return [info.key[len(self.prefix) :] for info in self.store.list(self.prefix)]


@pytest.fixture
def lake(stack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LakeProject]:
    endpoint, kafka = stack.endpoint("s3"), stack.endpoint("kafka")
    reach = endpoint.properties
    monkeypatch.setenv("LAKE_SECRET_KEY", endpoint.secrets["secret-key"])
    (tmp_path / "tidemill.yaml").write_text(
        "name: lake-test\nconnections:\n"
        f"  kafka: {{bootstrap.servers: '{kafka.properties['bootstrap.servers']}'}}\n"
        f"  s3: {{endpoint: '{reach['endpoint']}', access-key: {reach['access-key']},\n"
        "       secret-key: '${env:LAKE_SECRET_KEY}'}\n"
    )
    options = {
        "s3.endpoint": reach["endpoint"],
        "s3.access-key": reach["access-key"],
        "s3.secret-key": endpoint.secrets["secret-key"],
    }
    store = open_store("s3://lake", options)
    yield LakeProject(tmp_path, store, f"lake-{uuid.uuid4().hex}/")
    store.close()
