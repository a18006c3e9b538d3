"""The table of docs/reliability.md, from kept results of `tidemill chaos`.

.venv/bin/python tools/chaos_table.py .tidemill/chaos/*.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tidemill.control.chaos.model import percentile


def main() -> None:
    """Print the table in Markdown, over all runs that are given."""
    runs = [json.loads(Path(name).read_text()) for name in sys.argv[1:]]
    actions = [action for run in runs for action in run["actions"]]
    print("| fault | alone | doubled | kills | recovery p50 | p99 | result |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for fault in sorted({action["fault"] for action in actions}):
        print(_line(fault, [action for action in actions if action["fault"] == fault]))
    print(_line("**all**", actions))
    print()
    for what in ("rows", "rows_out", "windows", "dead_letters", "kills", "engine_starts"):
        print(f"{what}: {sum(run[what] for run in runs):,}")
    print(f"runs: {len(runs)}, {sum(run['seconds'] for run in runs) / 60:.0f} minutes")
    for run in runs:
        print(f"{run['command']}: {len(run['actions'])} actions, holds: {run['holds']}")


def _line(fault: str, actions: list[dict[str, Any]]) -> str:
    took = [action["recovery_s"] for action in actions if action["recovery_s"] is not None]
    doubled = sum(action["second"] is not None for action in actions)
    broken = sum(bool(action["broken"]) for action in actions)
    cells = [
        fault, f"{len(actions) - doubled}", f"{doubled}",
        f"{sum(action['kills'] for action in actions)}",
        *(f"{percentile(took, share):.1f} s" if took else "-" for share in (0.5, 0.99)),
        "held" if not broken else f"**broken {broken} times**",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
