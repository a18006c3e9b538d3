"""A file as lines, from a byte offset on."""

from __future__ import annotations

from typing import BinaryIO

LINE_BYTES_MAX = 64 << 20
_BLOCK_BYTES = 1 << 20


class LineTooLongError(ValueError):
    """A line goes on for longer than any message may."""


class LineReader:
    """Gives the lines of one file without their ends; `offset` is where the next one begins.

    `quote` (for csv) is the quote character: a line end between quotes is part of the line.
    """

    def __init__(self, file: BinaryIO, offset: int, quote: bytes | None) -> None:
        self._file = file
        self._file.seek(offset)
        self._quote = quote
        self._waiting: list[bytes] = []
        self._rest = b""
        self._ended = False
        self.offset = offset

    def read(self, lines_max: int) -> list[tuple[int, bytes]]:
        """Up to `lines_max` lines with their offsets; fewer only at the end of the file."""
        lines: list[tuple[int, bytes]] = []
        while len(lines) < lines_max:
            line = self._next_line()
            if line is None:
                break
            lines.append((self.offset, line.rstrip(b"\r\n")))
            self.offset += len(line)
        return lines

    @property
    def ended(self) -> bool:
        """Whether the last line has been given."""
        return self._ended and not self._waiting and not self._rest

    def _next_line(self) -> bytes | None:
        line = self._physical_line()
        if line is None or self._quote is None or line.count(self._quote) % 2 == 0:
            return line
        parts, size, quotes = [line], len(line), 1
        while quotes % 2 and size < _BLOCK_BYTES:
            more = self._physical_line()
            if more is None:
                break
            parts.append(more)
            size += len(more)
            quotes += more.count(self._quote)
        if quotes % 2:
            # a stray quote: only its own line is at fault
            self._waiting.extend(reversed(parts[1:]))
            return line
        return b"".join(parts)

    def _physical_line(self) -> bytes | None:
        while not self._waiting and not self._ended:
            block = self._file.read(_BLOCK_BYTES)
            if not block:
                self._ended = True
            *whole, self._rest = (self._rest + block).split(b"\n")
            self._waiting = [line + b"\n" for line in reversed(whole)]
            if len(self._rest) > LINE_BYTES_MAX:
                raise LineTooLongError(f"a line is longer than {LINE_BYTES_MAX >> 20} MiB")
        if self._waiting:
            return self._waiting.pop()
        last, self._rest = self._rest, b""
        return last or None

    def close(self) -> None:
        """Close the file."""
        self._file.close()
