"""The S3 store: signed requests only, conditional writes, and objects that outlive `kill -9`."""

from __future__ import annotations

import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from tidemill.control.down import down
from tidemill.control.status import status
from tidemill.control.up import up
from tidemill.interfaces.service import Endpoint
from tidemill.project import Resolver, bare_project
from tidemill.services import running_endpoints

pytestmark = pytest.mark.servers


def client(endpoint: Endpoint, secret: str | None = None) -> Any:
    return botocore.session.Session().create_client(
        "s3",
        endpoint_url=endpoint.properties["endpoint"],
        region_name=endpoint.properties["region"],
        aws_access_key_id=endpoint.properties["access-key"],
        aws_secret_access_key=secret or endpoint.secrets["secret-key"],
    )


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store of our own, that may be killed; in a folder with blanks and other characters."""
    state_dir = tmp_path_factory.mktemp("ob jects") / "ünusual" / ".tidemill"
    up(state_dir, ["s3"], tie_to_caller=True)
    yield state_dir
    down(state_dir, remove_data=True)


def test_only_signed_requests_are_served(own: Path) -> None:
    endpoint = running_endpoints(own)["s3"]
    assert client(endpoint).list_objects_v2(Bucket="lake")["KeyCount"] == 0
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client(endpoint, "guess").list_objects_v2(Bucket="lake")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(endpoint.properties["endpoint"] + "/lake")


def test_references_resolve(own: Path) -> None:
    endpoint = running_endpoints(own)["s3"]
    resolver = Resolver(bare_project(own.parent), {"s3": endpoint})
    text = resolver.text("${server:s3.endpoint} ${server:s3.bucket} ${secret:s3.secret-key}", "x")
    assert str(text) == "******"
    assert text.reveal() == " ".join(  # type: ignore[union-attr]
        [endpoint.properties["endpoint"], "lake", endpoint.secrets["secret-key"]]
    )


def test_objects_outlive_a_kill(own: Path) -> None:
    endpoint = running_endpoints(own)["s3"]
    store = client(endpoint)
    store.put_object(Bucket="lake", Key="ünï/日本 +%.txt", Body=b"kept", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        store.put_object(Bucket="lake", Key="ünï/日本 +%.txt", Body=b"lost", IfNoneMatch="*")
    before = status(own).server("s3")
    os.kill(before.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while status(own).server("s3").restarts == before.restarts and time.monotonic() < deadline:
        time.sleep(0.05)
    up(own, ["s3"])
    assert running_endpoints(own)["s3"] == endpoint
    assert store.get_object(Bucket="lake", Key="ünï/日本 +%.txt")["Body"].read() == b"kept"
