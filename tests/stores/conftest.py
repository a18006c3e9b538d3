"""Stores to test: the real S3Proxy, and a folder."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidemill.interfaces.service import Endpoint
from tidemill.stores import ObjectStore, open_store


def s3_options(endpoint: Endpoint) -> dict[str, str]:
    """How to reach the session's store, as table options."""
    given = {
        f"s3.{key}": endpoint.properties[key]
        for key in ("endpoint", "region", "access-key", "path-style-access")
    }
    return {**given, "s3.secret-key": endpoint.secrets["secret-key"]}


@pytest.fixture(params=["s3", "file"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[ObjectStore, str]]:
    """A store, and a prefix in it that no other test uses."""
    if request.param == "file":
        yield open_store("file:///"), str(tmp_path).lstrip("/") + "/"
        return
    endpoint: Endpoint = request.getfixturevalue("stack").endpoint("s3")
    store = open_store("s3://lake/", s3_options(endpoint))
    yield store, f"test-{uuid.uuid4().hex}/"
    store.close()
