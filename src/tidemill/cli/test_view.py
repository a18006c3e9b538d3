"""The outcomes of tests on the screen, as pytest shows them, or as one JSON object."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from tidemill.cli.failures import shown
from tidemill.cli.output import data, data_json, styled
from tidemill.control.fixtures.text import failure_text, mismatch_as_dict

if TYPE_CHECKING:
    from tidemill.control.fixtures.outcome import Outcome

_WIDTH = 80
_MARKS = {"passed": ".", "failed": "F", "error": "E", "skipped": "s"}
_STYLES = {"passed": "green", "failed": "red", "error": "red", "skipped": "yellow"}
_SIGNS = {"-": "red", "!": "red", "+": "green", "?": "cyan"}


class TestView:
    """Shows each outcome as it comes; `end` shows the failures and the counts."""

    def __init__(self, total: int, *, verbose: bool, as_json: bool) -> None:
        self.outcomes: list[Outcome] = []
        self._total = total
        self._verbose = verbose
        self._as_json = as_json
        self._file: str | None = None
        self._column = 0
        self._begun = time.perf_counter()

    def show(self, outcome: Outcome) -> None:
        """One test has ended."""
        self.outcomes.append(outcome)
        if self._as_json:
            return
        style = _STYLES[outcome.status]
        if self._verbose:
            status = styled(outcome.status.upper(), style, sys.stdout)
            said = "; ".join([*([outcome.reason] if outcome.reason else []), *outcome.notes])
            reason = f" ({said})" if said else ""
            data(f"{outcome.id} {status} [{outcome.seconds * 1000:.0f} ms]{reason}")
            return
        if outcome.file != self._file:
            self._end_line()
            self._write(f"{outcome.file} ")
            self._file = outcome.file
        self._write(_MARKS[outcome.status], style)

    def end(self, engine: str) -> int:
        """All tests have ended; returns the exit code."""
        seconds = time.perf_counter() - self._begun
        bad = [o for o in self.outcomes if o.status in ("failed", "error")]
        if self._as_json:
            data_json(
                {
                    "ok": not bad,
                    "engine": engine,
                    "seconds": round(seconds, 3),
                    **{status: self._count(status) for status in _MARKS},
                    "tests": [_as_dict(outcome) for outcome in self.outcomes],
                }
            )
            return 1 if bad else 0
        if not self._verbose:
            self._end_line()
        if bad:
            data("")
        for outcome in bad:
            self._show_failure(outcome)
        self._show_summary(bad, seconds, engine)
        return 1 if bad else 0

    def _show_failure(self, outcome: Outcome) -> None:
        title = f" {outcome.id} "
        data(styled(title.center(_WIDTH, "_"), "bold", sys.stdout))
        if outcome.error is not None:
            data(shown(outcome.error))
        elif outcome.failure is not None:
            data(f"  --> {outcome.failure.where}")
            for line in failure_text(outcome.failure).split("\n"):
                style = _SIGNS.get(line[2:3]) if line[:2] == "  " and line[3:4] == " " else None
                data(styled(line, style, sys.stdout) if style else line)
        data("")

    def _show_summary(self, bad: list[Outcome], seconds: float, engine: str) -> None:
        for outcome in bad:
            label = "FAILED" if outcome.status == "failed" else "ERROR "
            data(f"{styled(label, 'red', sys.stdout)} {outcome.id}")
        for note in sorted({note for outcome in self.outcomes for note in outcome.notes}):
            count = sum(note in outcome.notes for outcome in self.outcomes)
            data(f"note: {note} (in {count} test{'s' * (count != 1)})")
        counts = [f"{self._count(s)} {s}" for s in _MARKS if self._count(s)]
        left = self._total - len(self.outcomes)
        counts += [f"{left} not run"] if left else []
        on = "" if engine == "embedded" else f" on {engine}"
        text = f"{', '.join(counts)}{on} in {seconds:.2f} s"
        data(styled(text, "red" if bad else "green", sys.stdout))

    def _count(self, status: str) -> int:
        return sum(outcome.status == status for outcome in self.outcomes)

    def _write(self, text: str, style: str | None = None) -> None:
        if self._column + len(text) > _WIDTH:
            self._end_line()
        sys.stdout.write(styled(text, style, sys.stdout) if style else text)
        sys.stdout.flush()
        self._column += len(text)

    def _end_line(self) -> None:
        if self._column:
            done = f"[{len(self.outcomes) * 100 // max(1, self._total):3d}%]"
            sys.stdout.write(done.rjust(max(1, _WIDTH - self._column) + len(done) - 6) + "\n")
        self._column = 0


def _as_dict(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": outcome.id,
        "file": outcome.file,
        "name": outcome.name,
        "line": outcome.fixture.where.line if outcome.fixture is not None else None,
        "status": outcome.status,
        "seconds": round(outcome.seconds, 4),
    }
    if outcome.reason is not None:
        found["reason"] = outcome.reason
    if outcome.notes:
        found["notes"] = list(outcome.notes)
    if outcome.error is not None:
        found["error"] = outcome.error.as_dict()
    if outcome.failure is not None:
        failure = outcome.failure
        found["failure"] = {
            "when": failure.when,
            "where": str(failure.where),
            "tables": [mismatch_as_dict(mismatch) for mismatch in failure.mismatches],
            "messages": list(failure.said),
            "notes": list(failure.notes),
        }
    return found
