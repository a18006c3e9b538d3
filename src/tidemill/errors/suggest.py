"""Did you mean: the nearest known name to a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(wrong: str, known: Iterable[str]) -> str | None:
    """A hint such as ``Did you mean `fare`?``, or None where nothing is near."""
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(wrong.lower(), names, n=1, cutoff=0.6)
    return f"Did you mean `{names[near[0]]}`?" if near else None
