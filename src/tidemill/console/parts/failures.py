"""What a page could not read, at its top, for as long as it cannot be read.

A page that refreshes itself would otherwise say the same thing every few seconds, and stand there
as if there were nothing to show in between.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from nicegui import Client, ui

from tidemill.errors import TidemillError


class Failures:
    """The failures of one page; each load of it has its own place, which its success empties."""

    def __init__(self) -> None:
        self._box = ui.column().classes("failures").props("role=alert")
        self._shown: dict[object, ui.label] = {}
        _OF_PAGES[ui.context.client] = self

    def failed(self, read: Callable[[], Any], error: TidemillError) -> None:
        """Say why a load failed, unless that stands there."""
        place = _place(read)
        if place not in self._shown:
            with self._box:
                self._shown[place] = ui.label().classes("failure")
        self._shown[place].set_text(error_lines(error))  # sends nothing when it says so already

    def worked(self, read: Callable[[], Any]) -> None:
        """Take away what a load's failure has left."""
        before = self._shown.pop(_place(read), None)
        if before is not None:
            before.delete()


_OF_PAGES: WeakKeyDictionary[Client, Failures] = WeakKeyDictionary()


def failures_of(client: Client) -> Failures | None:
    """The failures of a page, None where it has no frame (the page for logging in)."""
    return _OF_PAGES.get(client)


def error_lines(error: TidemillError) -> str:
    """Message, reason and how to mend it, a line each."""
    parts = [error.message, error.detail or "", error.hint or ""]
    return "\n".join(part for part in parts if part)


def _place(read: Callable[[], Any]) -> object:
    """Which load of the page this is: its code, which is the same when a timer asks again."""
    function = read.func if isinstance(read, partial) else read
    return getattr(function, "__code__", function)
