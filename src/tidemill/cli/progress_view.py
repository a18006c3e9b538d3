"""The progress of a pipeline: a live line on a terminal, plain lines or JSON lines elsewhere."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tidemill.cli.output import data_json_line, say

if TYPE_CHECKING:
    from tidemill.engine import Progress

LIVE_EVERY_S = 0.25


class ProgressView:
    """Shows progress from a thread of its own, until it is stopped."""

    def __init__(self, *, every_s: float, as_json: bool) -> None:
        self._live = sys.stderr.isatty() and not as_json
        self._every_s = LIVE_EVERY_S if self._live else max(0.1, every_s)
        self._as_json = as_json
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._started_s = time.monotonic()
        self._proven: set[str] = set()
        self._changes: dict[str, int] = {}

    def start(self, progress: Callable[[], Progress]) -> None:
        """Begin to show what `progress` gives."""
        self._started_s = time.monotonic()
        if self._live:
            say("Running; Ctrl-C stops, and the next run goes on from there.")
        self._thread = threading.Thread(target=self._loop, args=(progress,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Show nothing more; safe to call without `start`."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            if self._live:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()

    def summary(self, pipeline: str, progress: Progress) -> str:
        """One sentence at the end."""
        seconds = time.monotonic() - self._started_s
        text = f"{pipeline} {progress.state} after {seconds:.1f} s: {_counts(progress)}."
        if progress.dead_letters:
            text += " The rejected rows are in the dead-letter table, with the reasons."
            if progress.last_rejected:
                text += f" The last one: {progress.last_rejected}"
        return text

    def prove(self, progress: Progress) -> None:
        """Say once what has happened to a source: its history was read, its table changed."""
        for name, changes in progress.schema_changes.items():
            fresh = changes.count - self._changes.get(name, 0)
            self._changes[name] = changes.count
            for place, what in changes.newest[-fresh:] if fresh > 0 else ():
                self._say(f"{name}: at {place} {what}")
        for name, proof in progress.histories.items():
            if proof.done and name not in self._proven:
                self._proven.add(name)
                for sentence in proof.sentences(name):
                    self._say(sentence)

    def _say(self, sentence: str) -> None:
        if self._as_json:
            return
        if self._live:
            sys.stderr.write("\r\x1b[K")
        say(sentence)

    def _loop(self, progress: Callable[[], Progress]) -> None:
        while not self._stopped.wait(self._every_s):
            self._show(progress())

    def _show(self, now: Progress) -> None:
        self.prove(now)
        if self._as_json:
            from tidemill.control.run import progress_as_dict  # noqa: PLC0415 - loaded already

            data_json_line({"type": "progress", **progress_as_dict(now)})
            return
        text = line(now)
        if self._live:
            width = shutil.get_terminal_size().columns - 3  # room for the echo of ^C
            sys.stderr.write(f"\r\x1b[K{text[:width]}")
            sys.stderr.flush()
        else:
            say(text)


def line(progress: Progress) -> str:
    """The progress on one line."""
    rates = f"{progress.rows_in_per_s:,.0f}/s in, {progress.rows_out_per_s:,.0f}/s out"
    parts = [progress.state, _counts(progress), rates]
    if progress.lag is not None:
        parts.append(f"lag {progress.lag:,}")
    marks = [mark for mark in progress.watermarks_us.values() if mark is not None]
    if marks:
        parts.append(f"watermark {_time(min(marks))}{_held(progress)}")
    parts.append(f"epoch {progress.epoch}")
    if progress.state == "recovering" and progress.last_error:
        parts.append(progress.last_error.split("\n", 1)[0])
    return " | ".join(parts)


def _held(progress: Progress) -> str:
    """Who holds the watermark back, where something waits for it and nothing comes."""
    from tidemill.control.run import diagnosis_of  # noqa: PLC0415 - loaded already
    from tidemill.control.watermark_text import held_by  # noqa: PLC0415

    found = diagnosis_of(progress)
    text = None if found is None else held_by(found)
    return "" if text is None else f" ({text})"


def _counts(progress: Progress) -> str:
    return (
        f"{progress.rows_in:,} rows in, {progress.rows_out:,} out, "
        f"{progress.late:,} late, {progress.dead_letters:,} rejected"
    )


def _time(micros: int) -> str:
    try:
        moment = dt.datetime.fromtimestamp(micros / 1_000_000, tz=dt.UTC)
    except (OverflowError, ValueError, OSError):
        return "at the end" if micros > 0 else "at the begin"
    return moment.strftime("%Y-%m-%d %H:%M:%S")
