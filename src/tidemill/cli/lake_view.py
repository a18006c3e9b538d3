"""How the lake's verbs show transfers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from tidemill.cli.output import data_json, say, table

if TYPE_CHECKING:
    from tidemill.control.lake.objects import Transfer, TransferProgress


def human_bytes(size: int) -> str:
    """A size for a person."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


@contextmanager
def transfer_bars(as_json: bool) -> Iterator[Callable[[TransferProgress], None]]:
    """A progress bar on a terminal, nothing elsewhere."""
    if as_json or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[files]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None, files="")

        def tell(at: TransferProgress) -> None:
            bars.update(
                task,
                description=at.file[-40:],
                completed=at.bytes_done,
                total=at.bytes_total,
                files=f"{at.files_done + 1} of {at.files_total} files",
            )

        yield tell


def show_transfers(transfers: Sequence[Transfer], as_json: bool) -> None:
    """What was sent or fetched, one line each, and the sum."""
    if as_json:
        data_json([asdict(transfer) for transfer in transfers])
        return
    rows = [(t.outcome, human_bytes(t.size), t.file, t.url) for t in transfers]
    if rows:
        table(("", "size", "file", "object"), rows, right=("size",))
    moved = [t for t in transfers if t.outcome != "same"]
    same = len(transfers) - len(moved)
    text = f"{len(moved)} of {len(transfers)} files, {human_bytes(sum(t.size for t in moved))}"
    say(text + (f"; {same} were there already" if same else ""))


@contextmanager
def steps_bar(what: str, as_json: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar of steps done on a terminal, nothing elsewhere."""
    if as_json or not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(what, total=None)
        yield lambda done, of: progress.update(bar, completed=done, total=of)
