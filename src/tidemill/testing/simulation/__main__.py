"""`python -m tidemill.testing.simulation`: run seeds, or one seed with its trace.

Results go to stdout, progress to stderr. Exit code 0: no anomalies; 1: anomalies; 2: bad usage.
"""

from __future__ import annotations

import argparse
import json
import sys

from tidemill.testing.simulation.campaign import Tally, quiet, run_campaign
from tidemill.testing.simulation.run import Outcome, folder, run_seed

_TOLD_EVERY_S = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit code."""
    options = _options(arguments)
    if options.trace:
        with quiet(), folder() as work:
            outcome = run_seed(options.first, work)
        _show(outcome)
        return 1 if outcome.anomalies else 0
    tally = run_campaign(options.first, options.seeds, options.jobs, _Progress(options.seeds))
    if options.json:
        sys.stdout.write(json.dumps(tally.as_dict(), indent=2) + "\n")
    else:
        _table(tally, options.first)
    return 1 if tally.failed else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tidemill.testing.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="processes beside each other")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    parser.add_argument("--trace", action="store_true", help="run the first seed only, and show it")
    found = parser.parse_args(arguments)
    if found.seeds < 1 or found.first < 0 or found.jobs < 1:
        parser.error("--seeds and --jobs are at least 1, --first at least 0")
    return found


class _Progress:
    def __init__(self, seeds: int) -> None:
        self._seeds = seeds
        self._told_s = 0.0

    def __call__(self, tally: Tally) -> None:
        if tally.seconds - self._told_s < _TOLD_EVERY_S and tally.seeds < self._seeds:
            return
        self._told_s = tally.seconds
        a_minute = 60 * tally.seeds / max(tally.seconds, 0.001)
        sys.stderr.write(
            f"{tally.seeds:,} of {self._seeds:,} seeds, {a_minute:,.0f} a minute, "
            f"{tally.wrong.total()} with anomalies\n"
        )
        sys.stderr.flush()


def _table(tally: Tally, first: int) -> None:
    write = sys.stdout.write
    write(f"{'scenario':<32}{'seeds':>9}{'lives':>9}{'epochs':>9}{'anomalies':>11}\n")
    for name, count in sorted(tally.scenarios.items()):
        write(
            f"{name:<32}{count:>9,}{tally.lives[name]:>9,}{tally.epochs[name]:>9,}"
            f"{tally.wrong[name]:>11,}\n"
        )
    write(f"\n{'fault':<42}{'times':>9}\n")
    for name, count in sorted(tally.faults.items()):
        write(f"{name:<42}{count:>9,}\n")
    last = first + tally.seeds - 1
    write(
        f"\nseeds {first} to {last}: {tally.wrong.total()} with anomalies, "
        f"{tally.faults.total():,} faults, {tally.seconds:,.0f} s\n"
    )
    for outcome in tally.failed[1:]:
        write(f"seed {outcome.seed} ({outcome.scenario}): {outcome.anomalies[0]}\n")
    if tally.failed:
        write("\n")
        _show(tally.failed[0])
        write(
            "\nThe same again: python -m tidemill.testing.simulation --trace "
            f"--first {tally.failed[0].seed}\n"
        )


def _show(outcome: Outcome) -> None:
    write = sys.stdout.write
    write(f"seed {outcome.seed} ({outcome.scenario})\n")
    write(" step     time  what\n")
    for line in outcome.trace:
        write(line + "\n")
    for anomaly in outcome.anomalies:
        write(f"anomaly: {anomaly}\n")
    if not outcome.anomalies:
        write("no anomalies\n")


if __name__ == "__main__":
    sys.exit(main())
