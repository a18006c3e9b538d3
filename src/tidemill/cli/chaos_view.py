"""How a chaos run is shown: a line per action, a live line on a terminal, the table at the end."""

from __future__ import annotations

import shutil
import sys
from types import TracebackType
from typing import TYPE_CHECKING

from tidemill.cli.output import data, say, table

if TYPE_CHECKING:
    from tidemill.control.chaos.model import ChaosEvent, ChaosRequest, ChaosResult, Done
    from tidemill.control.up import StackEvent


class ChaosView:
    """Tells what happens, on stderr."""

    def __init__(self, request: ChaosRequest) -> None:
        self._request = request
        self._live = sys.stderr.isatty()
        self._open_line = False

    def __enter__(self) -> ChaosView:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def __call__(self, event: ChaosEvent | StackEvent) -> None:
        """Show one event."""
        from tidemill.control.chaos.model import ChaosEvent  # noqa: PLC0415 - loaded already

        if isinstance(event, ChaosEvent):
            self._chaos(event)
        elif event.kind == "ready":
            self._line(f"{event.server} is ready after {event.seconds or 0:.1f} s")
        elif event.kind in ("note", "failed") and event.message:
            self._line(f"{event.server}: {event.message}")

    def _chaos(self, event: ChaosEvent) -> None:
        done = event.done
        if done is None:
            self._line(f"{event.seconds:7.1f} s  {event.text}")
            return
        self._line(_said(done))
        if self._live:
            wanted = "" if self._request.kills is None else f" of {self._request.kills}"
            left_s = max(0.0, self._request.minutes * 60 - event.seconds)
            text = (
                f"{event.kills:,}{wanted} kills, {event.rows:,} rows fed, "
                f"{done.number:,} actions, {left_s:.0f} s left; Ctrl-C ends it with a result"
            )
            sys.stderr.write("\r\x1b[K" + text[: shutil.get_terminal_size().columns - 3])
            sys.stderr.flush()
            self._open_line = True

    def _line(self, text: str) -> None:
        self._close()
        say(text)

    def _close(self) -> None:
        if self._open_line:
            sys.stderr.write("\r\x1b[K")
            self._open_line = False


def _said(done: Done) -> str:
    """`12  84.1 s  wait=... kill-at ...: again after 1.20 s`."""
    again = "no epoch came" if done.recovery_s is None else f"again after {done.recovery_s:.2f} s"
    notes = "".join(f"; {note}" for note in done.notes)
    broken = "".join(f"; BROKEN {one.invariant}: {one.found}" for one in done.broken)
    return f"{done.number:4} {done.begun_s:7.1f} s  {done.line}: {again}{notes}{broken}"


def show(result: ChaosResult) -> None:
    """The table, and what did not hold."""
    table(
        ("fault", "times", "doubled", "kills", "recovery p50", "p99", "result"),
        [
            (
                one.fault, one.times, one.doubled, one.kills or "-", _seconds(one.recovery_p50_s),
                _seconds(one.recovery_p99_s), "BROKEN" if one.broken else "held",
            )
            for one in result.totals
        ],
        right=("times", "doubled", "kills", "recovery p50", "p99"),
    )  # fmt: skip
    data("")
    for name, reason in result.left_out.items():
        data(f"left out: {name}, as {reason}")
    for code, count in sorted(result.engine_ends.items()):
        data(f"the engine ended {count} times with {code}, and was started again")
    data(
        f"{result.rows:,} rows in, {result.rows_out:,} out, {result.windows:,} windows, "
        f"{result.dead_letters:,} dead letters; {len(result.actions):,} actions, "
        f"{result.kills:,} kills, {result.seconds:.0f} s"
    )
    data(f"recovery p50 {_seconds(result.recovery_p50_s)}, p99 {_seconds(result.recovery_p99_s)}")
    for one in result.broken:
        data(f"BROKEN {one.invariant}: {one.found}")
    if result.shortest:
        data("the shortest schedule that breaks it (tidemill chaos --schedule FILE):")
        for text in result.shortest:
            data(f"  {text}")
    if result.holds:
        data("Nothing lost, nothing twice, results as computed anew, every row accounted for.")
    if result.interrupted:
        data("It was interrupted: the last checks were not made.")
    say(f"again: {result.command}")
    if result.folder is not None:
        say(f"logs and checkpoints: {result.folder}")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"
