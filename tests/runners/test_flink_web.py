"""The project's own Flink takes no program from whoever reaches its REST interface by a browser."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from tidemill.interfaces.service import Endpoint
from tidemill.runners.flink.rest import Rest


@pytest.mark.servers
def test_no_program_is_uploaded(stack: object) -> None:
    jobmanager: Endpoint = stack.endpoint("flink-jobmanager")  # type: ignore[attr-defined]
    url = jobmanager.properties["url"]
    assert Rest(url, "Flink").get("/config")["features"]["web-submit"] is False
    for path, method in (
        ("/jars", "GET"), ("/jars/upload", "POST"), ("/jars/x.jar/run", "POST"),
    ):  # fmt: skip
        asked = urllib.request.Request(url + path, b"" if method == "POST" else None, method=method)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=30)
        refused.value.close()
        assert refused.value.code in (404, 405), path
