"""What maintenance of a table of the lake comes to, in the same words for all formats."""

from __future__ import annotations

from collections.abc import Callable

from tidemill.records import dataclass

Tell = Callable[[int, int], None]
"""Told how much is done, of how much."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """Small files that became larger ones."""

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    skipped: int = 0
    """Groups of files that another writer changed in the meantime."""


@dataclass(frozen=True, slots=True)
class Expired:
    """Versions that can be read no more, and the files that only they had."""

    versions: int
    files: int
    orphans: int
    """Files that no version ever had, or that none has any more."""
