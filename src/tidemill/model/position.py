"""Positions in a source."""

from __future__ import annotations

from typing import TypeAlias

JsonValue: TypeAlias = "None | bool | int | float | str | list[JsonValue] | dict[str, JsonValue]"

Position: TypeAlias = JsonValue
"""Where reading of one source partition goes on: the first thing *not yet* read, in the source's
own terms (Kafka: the next offset). It is stored in checkpoints and must survive JSON unchanged."""
