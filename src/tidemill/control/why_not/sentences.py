"""A message's fate in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tidemill.control.why_not.fate import Effect
from tidemill.engine.accounting import Account

_SAID: Mapping[str, Callable[[Account], str]] = {
    "skipped": lambda _: "it is read and stands for no row (a tombstone, or none of the table's)",
    "dead": lambda _: "it cannot be processed",
    "filtered": lambda line: (
        "its condition is not true for the row"
        if line.kind != "operator"
        else "a condition before it is not true for the row"
    ),
    "late": lambda _: "it came too late",
    "refused": lambda _: "the sink refuses it",
}


def sentences(
    steps: tuple[Account, ...], effects: tuple[Effect, ...], rejected: str | None
) -> tuple[list[str], str]:
    """What happened, and the word for where it ended."""
    said, ended = [], "nowhere"
    for line in steps:
        if line.kind == "letters":
            continue
        title = line.title if line.kind in ("source", "sink") else f"{line.title} ({line.id})"
        for key, reason in _SAID.items():
            count = line.went.get(key, 0)
            if count > 0 and not (key == "filtered" and line.went.get("out", 0) > 0):
                why = f": {rejected}" if key == "dead" and rejected else ""
                said.append(f"At {line.kind} {title} it ends: {reason(line)}{why}.")
                ended = {"dead": "dead-letter"}.get(key, key)
        if line.also.get("unmatched"):
            said.append(f"At {line.kind} {title} it meets no row of the other side.")
    for effect in effects:
        if effect.adds or effect.takes:
            said.append(f"It is part of rows of {effect.sink}.")
        elif not said:
            said.append(
                f"Nothing of it is in {effect.sink}: alone it makes no row there. For what a "
                "pipeline waits: tidemill doctor"
            )
    return said, ended
