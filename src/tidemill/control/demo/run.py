"""Use case `demo`: run an example end to end."""

from __future__ import annotations

from tidemill.control.demo.folder import find_example
from tidemill.control.demo.model import DemoRequest, DemoResult, Reporter
from tidemill.control.demo.nyc_taxi.flow import run_nyc_taxi
from tidemill.errors import UsageError

RATE_MAX = 10_000_000
ROWS_MAX = 10_000_000


def run_demo(request: DemoRequest, reporter: Reporter) -> DemoResult:
    """Run a demo, verify its results, and stop what it started.

    Args:
        request: which example, which rows, how fast, and what to leave behind.
        reporter: told each step and, a few times a second, how far the rows are; called from this
            thread or, while servers start, from others, one at a time.

    Returns:
        What came out. Differences are in its `verification`, whose `raise_if_different` turns them
        into a VerificationError; any other failure is raised from here.
    """
    find_example(request.example)
    _check("--rows", request.rows, ROWS_MAX)
    if request.rate is not None:
        _check("--rate", request.rate, RATE_MAX)
    return run_nyc_taxi(request, reporter)


def _check(option: str, value: int, largest: int) -> None:
    if not 1 <= value <= largest:
        raise UsageError(
            f"{option} cannot be {value}",
            code="demo.bad-number",
            hint=f"Give a whole number from 1 to {largest}.",
        )
