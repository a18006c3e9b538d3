"""A place in Postgres's log (LSN), as a number and as Postgres writes it: `0/16B3748`."""

from __future__ import annotations


def lsn_text(lsn: int) -> str:
    """A place in the log as Postgres writes it."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def lsn_of(text: object) -> int:
    """The place that Postgres writes like this; ValueError where it is none."""
    high, _, low = str(text).partition("/")
    return int(high, 16) << 32 | int(low, 16)
