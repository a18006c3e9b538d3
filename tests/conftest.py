"""Shared real servers for the whole test run, started when the first test asks for them.

`kafka_endpoint`, `postgres_endpoint` and `connect_endpoint` are real servers under the product's
own supervisor, in a temporary folder, one stack for the session and all its workers (pytest-xdist);
they end with the session, also when it is killed. Tests share them: take names from `unique_name`.
"""

from __future__ import annotations

import http.client
import itertools
import os
import re
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from tests.order import spread

from tidemill.interfaces.service import Endpoint
from tidemill.services import running_endpoints
from tidemill.services.credentials import basic_authorization
from tidemill.services.install import install
from tidemill.services.registry import SERVICES, with_dependencies
from tidemill.services.settings import ServerSettings
from tidemill.services.state import state_folder
from tidemill.services.supervisor import client

hypothesis.settings.register_profile("tidemill", deadline=None)
hypothesis.settings.load_profile("tidemill")
"""How long an example takes hangs on what else the machine does; `bench/` measures speed."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A run in the background of a shell ignores Ctrl-C, and its children with it; tests send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.setdefault("TIDEMILL_JVM_OPTIONS", "-XX:TieredStopAtLevel=1")
"""Tests' servers live for seconds; compiling well would take them longer than it saves."""

_counter = itertools.count()


_RUNNING = "TIDEMILL_TEST_STACK"
"""A state folder whose servers run already: tests use them and start none."""
_ROOT = "TIDEMILL_TEST_ROOT"
"""The folder of the session's servers, and the process with which they end; told to workers."""
_OWNER = "TIDEMILL_TEST_OWNER"


class Stack:
    """Servers in one state folder; each is started when it is first asked for."""

    def __init__(self, state_dir: Path, owner_pid: int | None = None) -> None:
        self.state_dir = state_dir
        self._owner_pid = owner_pid or os.getpid()
        self._folder = state_folder(self.state_dir).make()

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of a server, which runs after this call."""
        if name not in running_endpoints(self.state_dir):
            names = with_dependencies([name])
            install([entry for n in names for entry in SERVICES[n].installs])
            servers = {
                n: ServerSettings(start_timeout_s=120, jmx_metrics=n == "kafka") for n in names
            }
            client.start(self._folder, servers, owner_pid=self._owner_pid)
        return running_endpoints(self.state_dir)[name]

    def stop(self) -> None:
        """Stop all servers."""
        client.stop(self._folder)


def _is_worker() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def pytest_configure() -> None:
    """Name the folder of the session's servers; the first that is asked for is started there."""
    if not _is_worker() and _RUNNING not in os.environ:
        os.environ[_ROOT] = tempfile.mkdtemp(prefix="tidemill-tests-")
        os.environ[_OWNER] = str(os.getpid())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first, where several workers share the list."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = spread(items, workers)


def pytest_unconfigure() -> None:
    """Stop the session's servers after the last worker."""
    root = None if _is_worker() else os.environ.pop(_ROOT, None)
    if root is not None:
        if (Path(root) / ".tidemill").exists():
            Stack(Path(root) / ".tidemill").stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The session's servers: `stack.endpoint("kafka")`."""
    running = os.environ.get(_RUNNING)
    if running:
        return Stack(Path(running))
    return Stack(Path(os.environ[_ROOT]) / ".tidemill", int(os.environ[_OWNER]))


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


def login_headers(endpoint: Endpoint) -> dict[str, str]:
    """The login of a server that is asked over HTTP; of an older one that has none, nothing."""
    password = endpoint.secrets.get("password")
    return basic_authorization(password) if password else {}


def assert_login_is_asked(endpoint: Endpoint, path: str, method: str = "GET") -> None:
    """That a server over HTTP lets nobody in without its login, however it is left out."""
    password = endpoint.secrets["password"]
    port = endpoint.ports.get("http") or endpoint.ports["rest"]

    def status(headers: dict[str, str]) -> int:
        connection = http.client.HTTPConnection(endpoint.host, port, timeout=30)
        try:
            connection.request(method, path, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    right = basic_authorization(password)["Authorization"]
    no_logins: list[dict[str, str]] = [
        {}, {"Authorization": ""}, {"Authorization": "Basic"}, {"Authorization": "Basic !"},
        {"Authorization": right.replace("Basic", "Bearer")}, basic_authorization(password[:-1]),
        basic_authorization(""), basic_authorization(password, "admin"),
    ]  # fmt: skip
    for headers in no_logins:
        # Connect answers a header that is no base 64 with 500.
        assert status(headers) in (400, 401, 500), (path, headers)
    assert status({"Authorization": right}) != 401


@pytest.fixture
def unique_name(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Make a name that no other test uses: `unique_name("orders")`; fit for topics and tables."""
    test = re.sub(r"[^a-z0-9]+", "_", request.node.name.lower())[:24].strip("_")
    return lambda stem="t": f"{stem}_{test}_{next(_counter)}_{uuid.uuid4().hex[:6]}"
