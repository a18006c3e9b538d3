"""How servers are shown: a table of their states, and what happens while they start."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from tidemill.cli.output import say, say_styled, table

if TYPE_CHECKING:
    from tidemill.control.stack_status import ServerView, StackStatus
    from tidemill.control.up import StackEvent


def show_status(stack: StackStatus) -> None:
    """The servers as a table on stdout; errors of failed ones on stderr."""
    if not stack.servers:
        say("No server was started here. Start them with: tidemill up")
        return
    columns = ("server", "state", "address", "pid", "memory", "up", "restarts")
    rows = [_row(server) for server in stack.servers]
    table(columns, rows, right=("pid", "memory", "up", "restarts"))
    for server in stack.servers:
        error = server.last_error
        if error and server.state == "failed":
            say(f"{server.name}: {error.get('message')}")
            if error.get("detail"):
                say(str(error["detail"]))
            if error.get("hint"):
                say(f"hint: {error['hint']}")


def _row(server: ServerView) -> tuple[object, ...]:
    address = ", ".join(f"127.0.0.1:{port}" for port in server.ports.values())
    return (
        server.name,
        server.state,
        address,
        server.pid,
        "" if server.memory_bytes is None else megabytes(server.memory_bytes),
        "" if server.uptime_s is None else duration(server.uptime_s),
        server.restarts,
    )


def megabytes(count: int) -> str:
    """A number of bytes, for people."""
    return f"{count / 1e6:.0f} MB"


def duration(seconds: float) -> str:
    """A length of time, for people."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, hours = seconds / 60, seconds / 3600
    return f"{minutes:.0f} min" if minutes < 60 else f"{hours:.1f} h"


class StackTalk:
    """Tells on stderr what happens while servers start; one live line for downloads on a tty."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._open_line = False
        self._told: set[str] = set()

    def __enter__(self) -> StackTalk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end_line()

    def tell(self, event: StackEvent) -> None:
        """Show one event."""
        if event.kind in ("downloading", "waiting"):
            self._passing(_fetching(event), last=event.files_done == event.files_total)
            return
        if event.kind == "making":
            self._passing(str(event.message), last=event.files_done == event.files_total)
            return
        self._end_line()
        if event.kind == "starting":
            say(f"{event.server}: starting")
        elif event.kind == "ready":
            took = "" if event.seconds is None else f" in {event.seconds:.1f} s"
            memory = "" if event.memory_bytes is None else f", {megabytes(event.memory_bytes)}"
            say_styled(f"{event.server}: ready{took}{memory}", "green")
        elif event.kind == "failed":
            say_styled(f"{event.server}: failed: {event.message}", "red")
        else:
            say(f"{event.server}: {event.message}" if event.server else str(event.message))

    def _passing(self, text: str, *, last: bool) -> None:
        """A state that the next one replaces; without a terminal the first and the last."""
        if self._live:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
            self._open_line = True
        elif text not in self._told and (last or not self._told):
            self._told.add(text)
            say(text)

    def _end_line(self) -> None:
        if self._open_line:
            sys.stderr.write("\n")
            self._open_line = False


def _fetching(event: StackEvent) -> str:
    if event.kind == "waiting":
        return "waiting for another process that fetches the servers' files"
    done, total = megabytes(event.bytes_done), megabytes(event.bytes_total)
    return f"fetching: {event.files_done} of {event.files_total} files, {done} of {total}"
