"""The checker can fail: engines broken on purpose no longer agree with the golden files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from corpus import ROOT, Case, differences

from tidemill.plan.windows import WindowGrid


def _off_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row at a window's edge falls into the window before it."""
    first_end = WindowGrid.first_end_sql
    pane = WindowGrid.pane_sql
    monkeypatch.setattr(
        WindowGrid, "first_end_sql", lambda grid, time: first_end(grid, _earlier(time))
    )
    monkeypatch.setattr(WindowGrid, "pane_sql", lambda grid, time: pane(grid, _earlier(time)))


def _earlier(time: object) -> object:
    from tidemill.plan.windows import minus

    return minus(time, 1)  # type: ignore[arg-type]


def _no_retraction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is withdrawn counts once more."""
    from sqlglot import exp

    monkeypatch.setattr("tidemill.plan.aggregates._weight", lambda: exp.Literal.number(1))


@pytest.mark.parametrize(
    ("name", "mutate"),
    [("windows/tumble", _off_by_one), ("changelogs/group_by", _no_retraction)],
    ids=["off-by-one window edge", "dropped retraction"],
)
def test_a_mutation_of_the_engine_is_caught(
    name: str,
    mutate: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    case = Case(ROOT / f"{name}.sql")
    assert differences(case, case.embedded(tmp_path / "sound"), "embedded") == []
    mutate(monkeypatch)
    try:
        found = differences(case, case.embedded(tmp_path / "broken"), "embedded")
    except AssertionError as error:
        found = [str(error)]
    assert found != []
