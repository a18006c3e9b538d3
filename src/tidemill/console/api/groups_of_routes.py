"""All groups of routes, in the order in which OpenAPI shows them."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from tidemill.console.api import (
    changes,
    checks,
    connectors,
    dead_letters,
    faults,
    groups,
    lake,
    messages,
    metrics,
    overview,
    pipelines,
    predictions,
    query,
    schemas,
    session,
    topics,
)
from tidemill.console.hub import Hub

GROUPS: tuple[Callable[[Hub], APIRouter], ...] = (
    session.router,
    overview.router,
    pipelines.router,
    changes.router,
    predictions.router,
    topics.router,
    messages.router,
    groups.router,
    connectors.router,
    schemas.router,
    dead_letters.router,
    lake.router,
    checks.router,
    faults.router,
    query.router,
    metrics.router,
)
READS = frozenset(
    {
        "/api/v1/check",
        "/api/v1/query",
        "/api/v1/schemas/compatibility",
        "/api/v1/session/logout",
    }
)
"""Paths whose POST changes nothing of the project, so that a viewer may use them too."""
