"""The corpus notices an engine that is wrong: window edges off by one, sessions apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from corpus import ROOT, Case, differences, plan_anew

from tidemill.control.parity.embedded import EmbeddedRun
from tidemill.engine.operators import session_merge
from tidemill.engine.operators.session_merge import Spans
from tidemill.plan.windows import WindowGrid, plus

Patch = Callable[[pytest.MonkeyPatch], None]


def _later_panes(patch: pytest.MonkeyPatch) -> None:
    """A row on the last millisecond of a pane falls into the next one."""
    right = WindowGrid.pane_sql
    patch.setattr(WindowGrid, "pane_sql", lambda grid, time: right(grid, plus(time, 1000)))


def _short_windows(patch: pytest.MonkeyPatch) -> None:
    """A row is not in the last of its windows."""
    right = WindowGrid.last_end_sql
    patch.setattr(
        WindowGrid, "last_end_sql", lambda grid, time: plus(right(grid, time), -grid.slide_us)
    )


def _early_starts(patch: pytest.MonkeyPatch) -> None:
    """Windows are said to begin a millisecond early."""
    right = WindowGrid.start_sql
    patch.setattr(WindowGrid, "start_sql", lambda grid, end: plus(right(grid, end), -1000))


def _sessions_apart(patch: pytest.MonkeyPatch) -> None:
    """Rows exactly one gap apart are not in one session."""
    right = session_merge.touching

    def apart(items: Spans) -> tuple[session_merge.Int64s, Spans]:
        numbers, found = right(Spans(items.group, items.start, items.end - 1))
        return numbers, Spans(found.group, found.start, found.end + 1)

    patch.setattr(session_merge, "touching", apart)


@pytest.mark.parametrize(
    ("name", "mutation"),
    [
        ("windows/tumble", _later_panes),
        ("windows/hop", _short_windows),
        ("windows/cumulate", _early_starts),
        ("windows/session", _sessions_apart),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__.strip("_"),
)
def test_a_wrong_engine_is_noticed(
    name: str, mutation: Patch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutation(monkeypatch)
    plan_anew()
    case = Case(ROOT / f"{name}.sql")
    try:
        results = case.embedded(tmp_path, EmbeddedRun(None))
    finally:
        plan_anew()
    assert differences(case, results, "embedded") != []
