"""Pipelines: how they are, their text and plan, start and stop."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from tidemill.console.api.acting import Asking
from tidemill.console.hub import Hub
from tidemill.console.security.audit import audited
from tidemill.control.account import account_of
from tidemill.control.check_text import check_text
from tidemill.control.explain import explain
from tidemill.control.pipeline import read_sql
from tidemill.control.pipeline_processes import start_pipeline, stop_pipeline
from tidemill.control.pipeline_states import pipeline_state, pipeline_states
from tidemill.control.samples import samples
from tidemill.control.why.masked import masked_why, masked_why_not


class Text(BaseModel):
    """A pipeline's text; `pipeline` gives the settings and variables it is checked with."""

    text: str
    pipeline: str | None = None


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1", tags=["pipelines"])

    @routes.get("/pipelines")
    def pipelines() -> list[dict[str, Any]]:
        """All pipelines, with their rates, lag and event time."""
        return [state.as_dict() for state in pipeline_states(hub.project)]

    @routes.get("/pipelines/{name}")
    def pipeline(name: str) -> dict[str, Any]:
        """One pipeline with its graph, row accounting and the watermark doctor's findings."""
        return pipeline_state(hub.project, name).as_dict(full=True)

    @routes.get("/pipelines/{name}/account")
    def rows_of(name: str) -> dict[str, Any]:
        """Where every row went, as of the last committed epoch."""
        return account_of(hub.project, pipeline_state(hub.project, name).name).as_dict()

    @routes.get("/pipelines/{name}/why")
    def why(name: str, key: str, sink: str | None = None) -> dict[str, Any]:
        """Which messages a row is made of; personal columns are masked."""
        return masked_why(hub.project.root, name, key, sink, hub.masks).as_dict()

    @routes.get("/pipelines/{name}/why-not")
    def why_not(name: str, message: str) -> dict[str, Any]:
        """Where a message (TOPIC:PARTITION:OFFSET) ended."""
        return masked_why_not(hub.project.root, name, message, hub.masks).as_dict()

    @routes.get("/pipelines/{name}/sql")
    def sql(name: str) -> dict[str, str]:
        """The text of a pipeline, as it is written."""
        found = hub.project.pipeline(name)
        return {"pipeline": found.name, "file": str(found.path), "text": read_sql(found.path)}

    @routes.get("/pipelines/{name}/plan")
    def plan(name: str) -> dict[str, Any]:
        """What the embedded engine runs for it."""
        return explain(name, hub.project.root).as_dict()

    @routes.get("/pipelines/{name}/history")
    def history(name: str) -> list[dict[str, Any]]:
        """Rates, lag and event time of the last quarter of an hour, while the console ran."""
        return [asdict(sample) for sample in hub.history(pipeline_state(hub.project, name).name)]

    @routes.get("/pipelines/{name}/samples")
    def rows(name: str) -> dict[str, list[dict[str, Any]]]:
        """The newest rows behind each node; the first request only begins to keep them."""
        return samples(hub.project, name)

    @routes.post("/pipelines/{name}/start")
    def start(name: str, asking: Asking) -> dict[str, Any]:
        """Run it in the background; answers once it runs."""
        with audited(asking, "start pipeline", name):
            return start_pipeline(name, hub.project.root).as_dict()

    @routes.post("/pipelines/{name}/stop")
    def stop(name: str, asking: Asking) -> dict[str, Any]:
        """Stop it in order; answers once its last epoch is committed."""
        with audited(asking, "stop pipeline", name):
            return stop_pipeline(name, hub.project.root).as_dict()

    @routes.post("/check")
    def check(body: Text) -> dict[str, Any]:
        """Check a text without saving or running it."""
        return check_text(hub.project, body.text, body.pipeline).as_dict()

    return routes
