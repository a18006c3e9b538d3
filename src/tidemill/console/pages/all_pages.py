"""All pages of the console, on one NiceGUI app."""

from __future__ import annotations

from fastapi import FastAPI
from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.pages import (
    checks,
    connector,
    connectors,
    dead_letters,
    faults,
    group,
    groups,
    lake,
    lake_object,
    lake_view,
    overview,
    pipeline,
    pipeline_change,
    pipelines,
    predictions,
    query,
    schema,
    schemas,
    topic,
    topics,
)

_MODULES = (
    overview, pipelines, pipeline, pipeline_change, topics, topic, groups, group,
    connectors, connector, schemas, schema, dead_letters, lake, lake_object, lake_view,
    checks, faults, predictions, query,
)  # fmt: skip
PAGES: tuple[str, ...] = tuple(module.PATH for module in _MODULES)


def add_pages(app: FastAPI, hub: Hub) -> None:
    """Add the pages to the API's app; once in a process, as NiceGUI is one app."""
    for module in _MODULES:
        module.add(hub)
    ui.run_with(
        app, title="Tidemill", favicon="🌊", show_welcome_message=False, reconnect_timeout=10.0,
        tailwind=False,
    )  # fmt: skip
