"""How much WAL a replication slot holds of what it may, as a bar with its sentence."""

from __future__ import annotations

import html

from tidemill.console.parts.numbers import size
from tidemill.control.slots import Slot


def slot_gauge(slot: Slot) -> str:
    """HTML text; all names in it are escaped."""
    state = slot.state
    share = min(1.0, slot.share or 0.0)
    facts = [
        f"{size(state.retained_bytes)} of WAL kept of {size(slot.budget_bytes)}",
        f"{size(state.behind_bytes)} not confirmed",
        "read now" if state.active else "nobody reads it",
    ]
    if state.wal_status == "lost":
        facts = ["Its WAL is gone: the connector needs a new snapshot"]
    elif slot.over:
        facts.append("over its budget: start the connector, or drop the slot")
    title = html.escape(f"Replication slot {state.name}")
    return (
        f'<div class="gauge"><b>{title}</b>'
        f'<meter min="0" max="1" low="0.5" high="0.8" optimum="0" value="{share:.3f}" '
        f'aria-label="{title}"></meter>'
        f'<span class="fact-line">{html.escape(" · ".join(facts))}</span></div>'
    )
