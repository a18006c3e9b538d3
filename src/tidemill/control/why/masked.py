"""Answers as the console gives them: without the values of personal columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tidemill.control.masks import Masks
from tidemill.control.why.answer import Origin, Reason, Why
from tidemill.control.why.ask import why
from tidemill.control.why_not.ask import why_not
from tidemill.control.why_not.fate import Effect, Fate
from tidemill.control.why_not.place import parse_place
from tidemill.errors import UserError


def masked_why(folder: Path, name: str, key: str, sink: str | None, masks: Masks) -> Why:
    """As `why`; a key of a personal column is refused, as it asks about what is hidden."""
    found = why(folder, name, key, sink=sink)
    asked = masks.row(found.key)
    if asked != found.key:
        column = next(c for c, value in found.key.items() if asked.get(c) != value)
        raise UserError(
            f"`{column}` is marked as personal, and cannot be asked for here",
            code="control.row-key",
            hint="Ask by another column, or on the command line: tidemill why",
        )
    return replace(
        found,
        held=None if found.held is None else tuple(_text(masks, row) for row in found.held),
        reasons=tuple(_reason(masks, reason) for reason in found.reasons),
    )


def masked_why_not(folder: Path, name: str, message: str, masks: Masks) -> Fate:
    """As `why_not`."""
    found = why_not(folder, name, parse_place(message))
    effects = tuple(
        Effect(e.sink, tuple(masks.row(r) for r in e.adds), tuple(masks.row(r) for r in e.takes))
        for e in found.effects
    )
    return replace(found, effects=effects)


def _reason(masks: Masks, reason: Reason) -> Reason:
    origins = tuple(
        one if one.message is None else Origin(
            one.topic, one.partition, one.offset, masks.message(one.message)
        )
        for one in reason.origins
    )  # fmt: skip
    return replace(reason, row=_text(masks, reason.row), origins=origins)


def _text(masks: Masks, row: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in masks.row(row).items()}
