"""Ports: chosen once, kept, and chosen again only where another process took one.

Chosen ports lie below the range that the system gives to outgoing connections, so a kept port is
not taken by chance.
"""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import psutil

from tidemill.errors import ServiceError, Where
from tidemill.services.state import read_json, write_json

HOST = "127.0.0.1"
_FIRST, _LAST = 20_000, 32_000


def choose_ports(
    server: str,
    names: Sequence[str],
    folder: Path,
    fixed: int | None,
    note: Callable[[str], None],
) -> dict[str, int]:
    """The server's ports by name, all free now, and kept in `folder` for the next start.

    Args:
        server: for messages.
        names: the names of the ports; `fixed` is the port of the first.
        folder: where the choice is kept.
        fixed: the port that the user wants; taken by another process, it is a ServiceError.
        note: told where a kept port had to be given up.
    """
    kept = read_json(folder / "ports.json")
    kept = kept if isinstance(kept, dict) else {}
    ports: dict[str, int] = {}
    for name in names:
        if fixed is not None and name == names[0]:
            if not is_free(fixed):
                raise port_taken(server, fixed)
            ports[name] = fixed
            continue
        port = kept.get(name)
        if isinstance(port, int) and not is_free(port):
            note(f"port {port} is used by {holder(port)}; another was chosen")
            port = None
        ports[name] = port if isinstance(port, int) else free_port(ports.values())
    if ports != kept:
        write_json(folder / "ports.json", ports)
    return ports


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def free_port(avoid: Iterable[int] = ()) -> int:
    """A port that nobody listens on."""
    avoided = set(avoid)
    for _ in range(1000):
        port = random.randint(_FIRST, _LAST)  # noqa: S311 - not a secret
        if port not in avoided and is_free(port):
            return port
    raise ServiceError(
        f"no free port between {_FIRST} and {_LAST}",
        code="service.port-taken",
        hint="Stop some of the programs that listen on this machine.",
    )


def holder(port: int) -> str:
    """Who listens on a port, for a message."""
    try:
        for connection in psutil.net_connections("tcp"):
            local = connection.laddr
            if connection.status != psutil.CONN_LISTEN or not local or local.port != port:
                continue
            if connection.pid is not None:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except (psutil.Error, OSError):
        pass
    return "another process"


def port_taken(server: str, port: int) -> ServiceError:
    """The error for a port that the user wants and somebody else has."""
    return ServiceError(
        f"port {port} of {server} is used by {holder(port)}",
        code="service.port-taken",
        where=Where(server=server),
        hint="Stop that process, set another port, or set none: then a free one is chosen.",
    )
