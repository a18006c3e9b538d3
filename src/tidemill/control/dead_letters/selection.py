"""Which letters are meant, and with what their messages are to be mended."""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from tidemill.control.dead_letters.read import Letter
from tidemill.control.topics import data_as_bytes
from tidemill.errors import Span, TextWhere, UserError, Where
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Mended:
    """The key and value that a message gets in the place of its own."""

    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Letters by table, stage and code (all by default); with `mended`, those of its origins."""

    table: str | None = None
    stage: str | None = None
    code: str | None = None
    mended: Mapping[str, Mended] = field(default_factory=dict)

    def has(self, letter: Letter) -> bool:
        """Whether a letter is meant."""
        if self.mended and letter.origin not in self.mended:
            return False
        table = letter.table.rsplit(".", 1)[-1]
        return (
            self.table in (None, letter.table, table)
            and self.stage in (None, letter.stage)
            and self.code in (None, letter.code)
        )


def read_mended(file: Path) -> dict[str, Mended]:
    """Lines as `deadletter show --json` prints them, with the key or value mended."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{file} cannot be read: {getattr(error, 'strerror', None) or error}",
            code="cli.unreadable",
            where=Where(file=str(file)),
        ) from None
    found = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            found[str(row["origin"])] = Mended(
                data_as_bytes(row.get("key")), data_as_bytes(row["value"])
            )
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
            shown, begin = line[:200], number - 1
            raise UserError(
                f"the line is not a letter: {error}",
                code="control.bad-rows",
                where=TextWhere(str(file), "\n" * begin + shown, Span(begin, begin + len(shown))),
                hint="Write lines as `tidemill deadletter show --json` prints them, with `origin` "
                "and the mended `value`.",
            ) from None
    return found
