"""A browser that leaves before it is answered is no fault; everything else stays one."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from tidemill.console.gone import Gone


def ask(error: Exception, *, leaves: bool) -> None:
    """One request to an app that waits for its reader and then raises."""

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        raise error

    async def receive() -> Message:
        return {"type": "http.disconnect" if leaves else "http.request"}

    async def send(_message: Message) -> None:
        return None

    asyncio.run(Gone(app)({"type": "http"}, receive, send))


def test_only_an_answer_that_nobody_waits_for_is_left_out() -> None:
    nothing = RuntimeError("No response returned.")
    ask(nothing, leaves=True)
    with pytest.raises(RuntimeError):
        ask(nothing, leaves=False)
    with pytest.raises(RuntimeError):
        ask(RuntimeError("something else"), leaves=True)
