"""Shell patterns over keys: `*` and `?` stay within a part, `**/` crosses slashes."""

from __future__ import annotations

import re

_MAGIC = re.compile(r"[*?\[]")
_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)


def is_glob(key: str) -> bool:
    """Whether a key is a pattern."""
    return _MAGIC.search(key) is not None


def glob_root(key: str) -> str:
    """The part before the first sign of a pattern: the prefix to list."""
    found = _MAGIC.search(key)
    return key[: found.start()] if found else key


def glob_pattern(key: str) -> str:
    """The pattern as a regular expression."""
    return "".join(_regex(token) for token in _TOKEN.findall(key))


def _regex(token: str) -> str:
    known = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    if token in known:
        return known[token]
    if len(token) == 1:
        return re.escape(token)
    inner = token[1:-1].replace("\\", r"\\")
    return f"[{'^' + inner[1:] if inner.startswith('!') else inner}]"
