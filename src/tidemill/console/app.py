"""Puts the console together: the API, the login, the pages, and the guard before all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from tidemill.console.api.groups_of_routes import GROUPS
from tidemill.console.gone import Gone
from tidemill.console.hub import Hub
from tidemill.console.login import router as login_router
from tidemill.console.security.guard import Guard
from tidemill.errors import ComponentError, TidemillError
from tidemill.version import __version__

ASSETS = Path(__file__).parent / "assets"
_STATUS = {
    "project.unknown-pipeline": 404,
    "connector.table-missing": 404,
    "control.unknown-connector": 404,
    "format.unknown-schema": 404,
    "control.unknown-view": 404,
    "control.no-account": 404,
    "quality.unknown-suite": 404,
    "quality.unknown-result": 404,
    "control.already-runs": 409,
    "control.does-not-run": 409,
    "console.group-in-use": 409,
    "store.missing": 404,
    "store.bucket-missing": 404,
    "store.bad-url": 400,
}


def api_app(hub: Hub) -> FastAPI:
    """The API and the login, without pages and guard; its routes are what the tests go through."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        hub.start()
        yield
        hub.stop()

    app = FastAPI(
        title="Tidemill",
        version=__version__,
        summary="Everything that the console does.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    for group in GROUPS:
        app.include_router(group(hub))
    app.include_router(login_router(hub))
    app.mount("/console-assets", StaticFiles(directory=ASSETS), name="assets")
    app.add_exception_handler(TidemillError, _failed)

    @app.get("/", include_in_schema=False)
    def root() -> RedirectResponse:
        return RedirectResponse("/overview", status_code=303)

    return app


def guarded_app(hub: Hub, *, pages: bool = True) -> ASGIApp:
    """The whole console."""
    app = api_app(hub)
    if pages:
        from tidemill.console.pages.all_pages import add_pages  # noqa: PLC0415 - NiceGUI is big

        add_pages(app, hub)
    return Guard(Gone(app), hub.gate)


def _failed(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TidemillError)
    status = _STATUS.get(error.code, 502 if isinstance(error, ComponentError) else 400)
    return JSONResponse(error.as_dict(), status_code=status)
