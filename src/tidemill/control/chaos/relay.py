"""A TCP relay of ours in front of a server, which can be slow, deaf, or cut.

It runs on an event loop in a thread of its own and is changed from any other. Bytes are passed on
as they come, in order; nothing is looked into.
Guarantees: what is passed on is what came; `cut` ends each connection with a reset.
Non-guarantee: a delay holds back a whole read, so it bounds throughput too, as a far server does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

HOST = "127.0.0.1"
_CHUNK_BYTES = 1 << 16
_POLL_S = 0.02
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero: closing sends a reset, not an orderly end."""


class Relay:
    """Listens on a free port and passes on to `target`, a port of this machine."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.delay_s = 0.0
        self.bytes_per_s: float | None = None
        self.deaf = False
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._accept, HOST, 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    @contextlib.contextmanager
    def slow(self, delay_s: float) -> Iterator[None]:
        """Hold back everything for so long, while the block runs."""
        self.delay_s = delay_s
        try:
            yield
        finally:
            self.delay_s = 0.0

    @contextlib.contextmanager
    def narrow(self, bytes_per_s: float) -> Iterator[None]:
        """Pass on no more than this, on each connection, while the block runs."""
        self.bytes_per_s = bytes_per_s
        try:
            yield
        finally:
            self.bytes_per_s = None

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """Pass on nothing and end nothing while the block runs: a network that is partitioned."""
        self.deaf = True
        try:
            yield
        finally:
            self.deaf = False

    def cut(self) -> None:
        """Reset every connection."""
        self._call(self._cut())

    def close(self) -> None:
        """End all connections and the thread."""

        async def end() -> None:
            self._server.close()
            await self._cut()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _cut(self) -> None:
        for writer in list(self._open):
            _reset(writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self.target)
        except OSError:
            _reset(writer)
            return
        both = {writer, far_writer}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, far_writer))
                group.create_task(self._pass(far_reader, writer))
        except* (OSError, EOFError):
            pass
        finally:
            self._open -= both
            for one in both:
                _reset(one)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on until the end, which ends the other direction too."""
        while chunk := await reader.read(_CHUNK_BYTES):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if self.bytes_per_s:
                await asyncio.sleep(len(chunk) / self.bytes_per_s)
            while self.deaf:
                await asyncio.sleep(_POLL_S)
            writer.write(chunk)
            await writer.drain()
        raise EOFError


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        found = writer.get_extra_info("socket")
        if found is not None:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        writer.transport.abort()
