"""The sink of `print`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from tidemill.connectors.print.options import parse
from tidemill.connectors.print.text import render
from tidemill.errors import ConnectorError
from tidemill.model import Batch, DeadLetter, Position, TableDescriptor


class PrintWriter:
    """Turns the rows of one table into lines and keeps them until the commit."""

    def __init__(self, table: TableDescriptor, lines: list[tuple[bool, str]]) -> None:
        options = parse(table)
        self._types = [column.type for column in table.schema.columns]
        identifier = options["print-identifier"]
        self._prefix = f"{identifier}> " if identifier else ""
        self._to_error = bool(options["standard-error"])
        self._lines = lines

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows; never refuses one."""
        self._lines.extend(
            (self._to_error, f"{self._prefix}{text}\n") for text in render(batch, self._types)
        )
        return []


class PrintGroup:
    """All print tables of a pipeline, shown in the order of their writes at each commit."""

    name = "print"
    atomic = False
    idempotent = False
    at_once = False

    def __init__(self, tables: Sequence[TableDescriptor]) -> None:
        self._lines: list[tuple[bool, str]] = []
        self._writers = {table.name: PrintWriter(table, self._lines) for table in tables}

    def open(self) -> int | None:
        """Nothing to open; a stream of text cannot be asked what it holds."""
        return None

    def writer(self, table: str) -> PrintWriter:
        """The writer of one of the group's tables."""
        return self._writers[table]

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """The lines are ready as they are."""
        return []

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Show the epoch's lines."""
        try:
            for to_error, run in _runs(self._lines):
                stream = sys.stderr if to_error else sys.stdout
                stream.write(run)
                stream.flush()
        except (OSError, ValueError) as error:
            raise ConnectorError(
                "print cannot write its rows: the output is closed",
                code="connector.output-closed",
                detail=str(error),
                hint="The reader of the output (such as `head`) has gone; run without it.",
            ) from error
        finally:
            self._lines.clear()

    def abort(self) -> None:
        """Forget the lines of the open epoch."""
        self._lines.clear()

    def close(self) -> None:
        """Forget the open epoch; the standard streams stay open."""
        self._lines.clear()


def _runs(lines: Sequence[tuple[bool, str]]) -> list[tuple[bool, str]]:
    """Neighbouring lines for the same stream, joined."""
    runs: list[tuple[bool, list[str]]] = []
    for to_error, line in lines:
        if not runs or runs[-1][0] != to_error:
            runs.append((to_error, []))
        runs[-1][1].append(line)
    return [(to_error, "".join(part)) for to_error, part in runs]
