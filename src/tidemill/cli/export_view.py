"""What `tidemill export` says at its end."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from tidemill.cli.output import data_json, say

if TYPE_CHECKING:
    from tidemill.cli.verb import Common
    from tidemill.control.export.model import Exported


def show_exported(made: Exported, common: Common) -> None:
    """Print what was written, as JSON or for a person."""
    if common.json:
        data_json(asdict(made))
        return
    for note in made.notes:
        say(f"note: {note}")
    say(f"Wrote {made.folder}: {', '.join(made.files)}")
    if made.variables:
        say(f"Set before you start: {', '.join(made.variables)}")
    say(f"How to start: {made.folder}/README.md")
