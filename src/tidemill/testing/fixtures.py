"""Event-time fixtures under pytest: each test of a project's fixture files as a test of its own.

@pytest.mark.parametrize("fixture", fixtures("path/of/the/project"), ids=str)
def test_pipelines(fixture):
fixture.check()
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from pathlib import Path

from tidemill.control.fixtures.suite import Chosen, Suite
from tidemill.control.fixtures.text import outcome_text
from tidemill.records import dataclass


@dataclass(frozen=True)
class FixtureTest:
    """One test of a fixture file; `str` is its file and name."""

    _suite: Suite = field(repr=False)
    _chosen: Chosen

    def __str__(self) -> str:
        return self._chosen.id

    def check(self) -> None:
        """Run it on the embedded engine; AssertionError with the difference where it fails."""
        outcome = self._suite.outcome(self._chosen)
        if outcome.error is not None:
            raise outcome.error
        assert outcome.status == "passed", outcome_text(outcome)


def fixtures(project: str | Path, *wanted: str, keyword: str = "") -> Sequence[FixtureTest]:
    """The tests of a project, as `tidemill test` chooses them.

    Args:
        project: its folder.
        wanted: fixture files, FILE::TEST, or names of pipelines; none: all.
        keyword: the expression of `-k`.
    """
    suite = Suite(wanted, Path(project), keyword=keyword)
    return [FixtureTest(suite, chosen) for chosen in suite.chosen]
