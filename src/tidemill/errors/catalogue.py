"""All error codes with their meanings, gathered from `codes/<room>.py`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tidemill.errors.codes import (
    api,
    chaos,
    cli,
    connector,
    console,
    dbt,
    demo,
    engine,
    fixture,
    format,
    parity,
    plan,
    project,
    quality,
    reconcile,
    runner,
    service,
    sql,
    store,
    train,
)

_ROOMS = (
    sql, plan, engine, format, connector, store, parity, reconcile, fixture, runner, service,
    project, quality, cli, console, demo, dbt, api, train, chaos,
)  # fmt: skip

CATALOGUE: Mapping[str, str] = MappingProxyType(
    {code: meaning for room in _ROOMS for code, meaning in room.CODES.items()}
)
"""Code to meaning (one sentence that stands in the error reference)."""
