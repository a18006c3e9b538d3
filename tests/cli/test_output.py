"""What a line of data may hold."""

from __future__ import annotations

from tidemill.cli.output import printable


def test_what_steers_a_terminal_is_shown_as_text() -> None:
    assert printable("a ünï 日本.csv") == "a ünï 日本.csv"
    assert printable("a\x1b[31m\nb\u202ec") == "a\\x1b[31m\\nb\\u202ec"
