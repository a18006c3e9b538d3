"""What a button does: check the role, run the use case beside the event loop, audit, tell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from nicegui import run, ui
from nicegui.client import ClientConnectionTimeout

from tidemill.console.parts.failures import error_lines, failures_of
from tidemill.console.parts.frame import Frame
from tidemill.console.security.audit import audited, note
from tidemill.errors import TidemillError

CONNECT_WITHIN_S = 60.0
_T = TypeVar("_T")


async def load(read: Callable[[], _T]) -> _T | None:
    """What a use case gives, or None where it failed or the page has gone.

    A failure stands at the top of the page until the same load succeeds. A page is sent before the
    first of its loads begins, so that a slow server leaves no blank page.
    """
    failures = failures_of(ui.context.client)
    try:
        found = await _done(read)
    except TidemillError as error:
        if failures is not None:
            failures.failed(read, error)
        return None
    if failures is not None:
        failures.worked(read)
    return found


async def _done(do: Callable[[], _T]) -> _T | None:
    """Do it beside the event loop; None where the page has gone in the meantime."""
    client = ui.context.client
    try:
        if not client.has_socket_connection:
            await client.connected(CONNECT_WITHIN_S)
        found = await run.io_bound(do)
    except TidemillError:
        if client.is_deleted:
            return None
        raise
    except (TimeoutError, ClientConnectionTimeout):
        return None
    return None if client.is_deleted else found


async def act(frame: Frame, action: str, target: str, do: Callable[[], _T]) -> _T | None:
    """Do a change as this session; None where it was refused or failed, and that was shown."""
    if not frame.may_change:
        note(frame.session, action, target, "refused: read-only", frame.session.address)
        ui.notify("You are logged in as a viewer, who changes nothing.", type="warning")
        return None

    def doing() -> _T:
        with audited(frame.session, action, target):
            return do()

    try:
        return await _done(doing)
    except TidemillError as error:
        show_error(error)
        return None


def show_error(error: TidemillError) -> None:
    """An error as a card at the edge of the page: what, why, how to mend it."""
    ui.notify(
        error_lines(error), type="negative", position="top-right",
        multi_line=True, close_button="Close", timeout=12_000, classes="error-note",
    )  # fmt: skip


def error_text(error: TidemillError) -> str:
    """On one line, for a place in the page."""
    return error.message + (f". {error.hint}" if error.hint else ".")


def confirm(title: str, text: str, name: str, do: Callable[[], Awaitable[None]]) -> None:
    """Ask before something that cannot be undone: its name must be typed."""
    with ui.dialog() as dialog, ui.card().classes("ask"):
        ui.label(title).classes("ask-title")
        ui.label(text)
        typed = ui.input(f"Type {name} to go on").props("dense outlined autofocus").classes("wide")

        async def go() -> None:
            dialog.close()
            await do()

        with ui.row().classes("ask-buttons"):
            ui.button("Cancel", on_click=dialog.close).props("flat dense no-caps")
            button = ui.button(title, on_click=go).props("dense no-caps unelevated color=negative")
            button.bind_enabled_from(typed, "value", lambda value: value == name)
    dialog.open()
