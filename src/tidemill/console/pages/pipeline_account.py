"""Where a pipeline's rows went, and its checkpoints, as tables for its page."""

from __future__ import annotations

import html
from typing import Any

from tidemill.console.parts.numbers import count, length, moment, size
from tidemill.control.account import PipelineAccount
from tidemill.control.pipeline_states import PipelineState


def account_html(found: PipelineAccount | None) -> str:
    """Where every row went, as a plain table; names are escaped."""
    if found is None:
        return "<p>Nothing is committed yet: start it.</p>"
    went = list(dict.fromkeys(key for line in found.lines for key in line.went))
    also = list(dict.fromkeys(key for line in found.lines for key in line.also if key not in went))
    titles = "".join(f"<th scope=col>{key}</th>" for key in ("came", "added", *went, *also))
    rows = []
    for line in found.lines:
        both = {**line.also, **line.went}
        values = [line.came, line.expanded, *(both.get(key, 0) for key in (*went, *also))]
        cells = "".join(f"<td>{count(value) if value else ''}</td>" for value in values)
        name = html.escape(line.title)
        if line.id != line.title:
            name += f" <code>{html.escape(line.id)}</code>"
        rows.append(f"<tr><th scope=row>{name}</th>{cells}</tr>")
    wrong = found.unaccounted
    said = (
        f"Up to epoch {found.epoch:,}: every row is accounted for."
        if not wrong
        else f"Up to epoch {found.epoch:,}: {len(wrong)} lines do not add up: "
        + ", ".join(html.escape(f"{line.title} ({line.missing:+,})") for line in wrong)
    )
    return (
        f'<div><p class="hint">{said}</p><table class="numbers"><thead>'
        f"<tr><th scope=col>Rows</th>{titles}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def checkpoints_html(state: PipelineState) -> str:
    """Epochs and checkpoints, as a plain table."""
    if state.live is None:
        return ""
    epochs = state.live["epochs"]
    took = epochs["epochs"]
    mean = took["seconds"] / took["count"] if took["count"] else None
    at_ms = epochs["committed_at_ms"]
    facts: list[tuple[str, Any]] = [
        ("Epochs in this run", count(took["count"])),
        ("Failed epochs", count(epochs["failures"])),
        ("Mean duration", length(mean)),
        ("Last commit", moment(at_ms)),
        ("Last checkpoint", size(epochs["checkpoint_bytes"])),
        ("Restarts", count(state.number("restarts"))),
    ]
    for group, one in epochs["sinks"].items():
        mean = one["seconds"] / one["count"] if one["count"] else None
        said = f"{count(one['count'])}, {length(mean)} each"
        facts.append((f"Commits of {html.escape(group)}", said))
    lines = "".join(f"<tr><th scope=row>{key}</th><td>{value}</td></tr>" for key, value in facts)
    return f'<table class="numbers facts-table">{lines}</table>'
