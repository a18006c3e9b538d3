"""Results that were found, kept as JSON lines: `.tidemill/checks/results.jsonl`.

Each line is one suite on one target. A line is written at once and whole, so that two runs at the
same time mix no lines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tidemill.quality.result import SuiteResult

_FILE = Path("checks") / "results.jsonl"


def keep(state_dir: Path, results: list[SuiteResult]) -> None:
    """Append results; the folder is there already."""
    path = state_dir / _FILE
    path.parent.mkdir(mode=0o700, exist_ok=True)
    lines = "".join(json.dumps(r.as_dict(), ensure_ascii=False) + "\n" for r in results)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, lines.encode())
    finally:
        os.close(handle)


def kept(state_dir: Path) -> Iterator[dict[str, Any]]:
    """All results so far, the oldest first; a torn last line is left out."""
    try:
        text = (state_dir / _FILE).read_text(encoding="utf-8")
    except OSError:
        return
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
