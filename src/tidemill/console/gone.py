"""A request whose browser has left before it was answered ends quietly."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Gone:
    """ASGI middleware.

    NiceGUI's own middleware raises "No response returned." where the page behind it gives up for
    want of a reader: that is no fault, and nobody is there to be told. Anything else passes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, unless there is nobody to answer."""
        left = False

        async def listen() -> Message:
            nonlocal left
            message = await receive()
            left = left or message["type"] == "http.disconnect"
            return message

        try:
            await self._app(scope, listen, send)
        except RuntimeError as error:
            if not (left and str(error) == "No response returned."):
                raise
