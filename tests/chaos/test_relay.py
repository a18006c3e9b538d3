"""The relay passes on what comes, until it is told to be slow, silent, or to cut."""

import contextlib
import socket
import threading
import time

import pytest

from tidemill.control.chaos.relay import HOST, Relay


@pytest.fixture
def echo():
    """A server that sends back what it gets."""
    with socket.create_server((HOST, 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection):
            with connection, contextlib.suppress(OSError):
                while data := connection.recv(65_536):
                    connection.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relay(echo):
    made = Relay(echo)
    yield made
    made.close()


def connected(relay):
    return socket.create_connection((HOST, relay.port), timeout=5)


def asked(connection, data=b"hello"):
    connection.sendall(data)
    found = b""
    while len(found) < len(data):
        new = connection.recv(65_536)
        if not new:
            raise ConnectionResetError
        found += new
    return found


def test_it_passes_on_what_comes(relay):
    with connected(relay) as one, connected(relay) as other:
        assert asked(one, b"x" * 300_000) == b"x" * 300_000
        assert asked(other) == b"hello"


def test_it_is_slow_and_narrow_while_it_is_told(relay):
    with connected(relay) as one:
        for hurt in (relay.slow(0.1), relay.narrow(50)):
            with hurt:
                begun_at = time.monotonic()
                assert asked(one) == b"hello"
                assert time.monotonic() - begun_at >= 0.2
        begun_at = time.monotonic()
        asked(one)
        assert time.monotonic() - begun_at < 0.2


def test_what_was_held_back_in_silence_comes_afterwards(relay):
    with connected(relay) as one:
        with relay.silent():
            one.sendall(b"hello")
            one.settimeout(0.2)
            with pytest.raises(TimeoutError):
                one.recv(5)
        one.settimeout(5)
        assert one.recv(5) == b"hello"


def test_a_cut_resets_and_the_next_connection_works(relay):
    with connected(relay) as one:
        asked(one)
        relay.cut()
        with pytest.raises(ConnectionResetError):
            asked(one)
    with connected(relay) as again:
        assert asked(again) == b"hello"


def test_without_a_server_behind_it_resets():
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    relay = Relay(port)
    try:
        with pytest.raises(ConnectionResetError), connected(relay) as one:
            asked(one)
    finally:
        relay.close()
