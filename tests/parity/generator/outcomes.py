"""Outcomes of campaigns in a file, added up over runs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

_COUNTS = ("queries", "agreed", "agreed_with_rows", "seconds")
_TABLES = ("refused", "covered")
_LISTS = ("broken_on_flink", "differing", "only_together", "unsteady_on_flink")


def keep(file: Path, seed: int, said: dict[str, Any]) -> None:
    """Add the outcome of a run to what a file holds."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"seeds": []}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(added(known, seed, said), indent=1, ensure_ascii=False) + "\n")


def added(known: dict[str, Any], seed: int, said: dict[str, Any]) -> dict[str, Any]:
    """Two outcomes as one."""
    made: dict[str, Any] = {"seeds": sorted({*known.get("seeds", ()), seed})}
    made |= {name: known.get(name, 0) + said.get(name, 0) for name in _COUNTS}
    for name in _TABLES:
        total = Counter(known.get(name, {})) + Counter(said[name])
        made[name] = dict(sorted(total.items()))
    return made | {name: [*known.get(name, ()), *said.get(name, ())] for name in _LISTS}
