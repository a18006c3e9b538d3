"""Shared real servers for the whole test run, started when the first test asks for them.

`kafka_endpoint`, `postgres_endpoint` and `connect_endpoint` are real servers under the product's
own supervisor, in a temporary folder, one stack for the session; they end with the session, also
when it is killed. Tests share them: take names from `unique_name`.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tidemill.interfaces.service import Endpoint
from tidemill.services import running_endpoints
from tidemill.services.install import install
from tidemill.services.registry import SERVICES, with_dependencies
from tidemill.services.settings import ServerSettings
from tidemill.services.state import state_folder
from tidemill.services.supervisor import client

hypothesis.settings.register_profile("tidemill", deadline=None)
hypothesis.settings.load_profile("tidemill")
"""How long an example takes hangs on what else the machine does; `bench/` measures speed."""

_counter = itertools.count()


class Stack:
    """The session's servers; each is started when it is first asked for."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self._folder = state_folder(self.state_dir).make()

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of a server, which runs after this call."""
        if name not in running_endpoints(self.state_dir):
            names = with_dependencies([name])
            install([entry for n in names for entry in SERVICES[n].installs])
            servers = {n: ServerSettings(start_timeout_s=120) for n in names}
            client.start(self._folder, servers, tie_to_caller=True)
        return running_endpoints(self.state_dir)[name]

    def stop(self) -> None:
        """Stop all servers."""
        client.stop(self._folder)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The session's servers: `stack.endpoint("kafka")`."""
    running = os.environ.get("TIDEMILL_TEST_STACK")
    if running:
        yield Stack(Path(running))
        return
    root = Path(tempfile.mkdtemp(prefix="tidemill-tests-"))
    servers = Stack(root / ".tidemill")
    try:
        yield servers
    finally:
        servers.stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def small_stack() -> Iterator[Stack]:
    """Redis and the registry; our own, so that tests may fill them and change their settings.

    TIDEMILL_TEST_SMALL_STACK names a state folder whose servers are used instead.
    """
    running = os.environ.get("TIDEMILL_TEST_SMALL_STACK")
    if running:
        yield Stack(Path(running))
        return
    root = Path(tempfile.mkdtemp(prefix="tidemill-tests-"))
    servers = Stack(root / ".tidemill")
    try:
        yield servers
    finally:
        servers.stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_endpoint(small_stack: Stack) -> Endpoint:
    """A running Redis server."""
    return small_stack.endpoint("redis")


@pytest.fixture(scope="session")
def registry_endpoint(small_stack: Stack) -> Endpoint:
    """A running schema registry."""
    return small_stack.endpoint("registry")


@pytest.fixture(scope="session")
def kafka_endpoint(stack: Stack) -> Endpoint:
    """A running Kafka broker."""
    return stack.endpoint("kafka")


@pytest.fixture(scope="session")
def postgres_endpoint(stack: Stack) -> Endpoint:
    """A running Postgres server."""
    return stack.endpoint("postgres")


@pytest.fixture(scope="session")
def connect_endpoint(stack: Stack, postgres_endpoint: Endpoint) -> Endpoint:
    """A running Kafka Connect worker with Debezium; Kafka and Postgres run too."""
    return stack.endpoint("connect")


@pytest.fixture
def unique_name(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Make a name that no other test uses: `unique_name("orders")`; fit for topics and tables."""
    test = re.sub(r"[^a-z0-9]+", "_", request.node.name.lower())[:24].strip("_")
    return lambda stem="t": f"{stem}_{test}_{next(_counter)}_{uuid.uuid4().hex[:6]}"
