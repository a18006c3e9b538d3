"""Use case `demo`: run an example end to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tidemill.control.demo.clickstream_iot.flow import run_clickstream_iot
from tidemill.control.demo.diabetes.flow import run_diabetes
from tidemill.control.demo.folder import find_example
from tidemill.control.demo.model import DemoOutcome, DemoRequest, DemoResult, Reporter
from tidemill.control.demo.nyc_taxi.flow import run_nyc_taxi
from tidemill.control.demo.shop_sessions.flow import run_shop_sessions
from tidemill.errors import UsageError
from tidemill.records import dataclass

RATE_MAX = 10_000_000
ROWS_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class Demo:
    """How one example runs: its function, how many rows it makes by default, its own options."""

    run: Callable[[DemoRequest, Reporter], DemoResult | DemoOutcome]
    rows: int
    options: frozenset[str] = frozenset()


DEMOS: Mapping[str, Demo] = {
    "nyc_taxi": Demo(run_nyc_taxi, rows=50_000, options=frozenset({"input"})),
    "diabetes": Demo(run_diabetes, rows=10_000, options=frozenset({"input", "spark"})),
    "shop_sessions": Demo(run_shop_sessions, rows=20_000, options=frozenset({"spark"})),
    "clickstream_iot": Demo(
        run_clickstream_iot, rows=20_000, options=frozenset({"kinesis", "compare"})
    ),
}


def run_demo(request: DemoRequest, reporter: Reporter) -> DemoResult | DemoOutcome:
    """Run a demo, verify its results, and stop what it started.

    Args:
        request: which example, which rows, how fast, and what to leave behind.
        reporter: told each step and, a few times a second, how far the rows are; called from this
            thread or, while servers start, from others, one at a time.

    Returns:
        What came out. `raise_if_different` (of the outcome, or of the result's `verification`)
        turns differences into a VerificationError; any other failure is raised from here.
    """
    find_example(request.example)
    demo = DEMOS.get(request.example)
    if demo is None:
        raise UsageError(
            f"the example `{request.example}` has no demo",
            code="demo.unknown-example",
            hint=f"There are: {', '.join(DEMOS)}.",
        )
    given = request.options | ({"input"} if request.input is not None else set())
    for option in sorted(given - demo.options):
        raise UsageError(
            f"the example `{request.example}` has no --{option}",
            code="demo.option",
            hint=f"It belongs to: {', '.join(n for n, d in DEMOS.items() if option in d.options)}.",
        )
    request = replace(request, rows=demo.rows if request.rows is None else request.rows)
    _check("--rows", request.rows, ROWS_MAX)
    if request.rate is not None:
        _check("--rate", request.rate, RATE_MAX)
    return demo.run(request, reporter)


def _check(option: str, value: int | None, largest: int) -> None:
    if value is not None and not 1 <= value <= largest:
        raise UsageError(
            f"{option} cannot be {value}",
            code="demo.bad-number",
            hint=f"Give a whole number from 1 to {largest}.",
        )
