"""Runs generated queries on both engines and compares: `python -m generator.campaign --help`.

Queries of one batch read the same rows and run on Flink as one job, a UNION ALL. On the embedded
engine each runs by itself, in a batch size of its own, some of them killed and resumed. A query
that the embedded engine refuses is counted by the code of its refusal; one that differs is made
smaller, rows first, and written down as a case.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from corpus import random_crashes

from generator.queries import Query, query
from generator.tables import Tables, make_tables
from tidemill.connectors import CONNECTORS
from tidemill.control.parity.compare import compare
from tidemill.control.parity.embedded import EmbeddedRun, run_script
from tidemill.control.parity.on_flink import run_on_flink
from tidemill.control.parity.results import QueryResult
from tidemill.engine import crash_points
from tidemill.errors import TidemillError
from tidemill.formats import FORMATS
from tidemill.runners.flink import Gateway, cut
from tidemill.sql import compile_script

STREAMING = "SET 'execution.runtime-mode' = 'streaming';\n"
NAMES = ("embedded", "on Flink")


@dataclass(slots=True)
class Outcome:
    """What a campaign found."""

    agreed: int = 0
    with_rows: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    broken_on_flink: list[tuple[Query, str]] = field(default_factory=list)
    differing: list[tuple[Query, str]] = field(default_factory=list)
    covered: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "agreed": self.agreed,
            "agreed_with_rows": self.with_rows,
            "refused": dict(self.refused.most_common()),
            "broken_on_flink": [[q.number, why] for q, why in self.broken_on_flink],
            "differing": [[q.number, why] for q, why in self.differing],
            "covered": dict(sorted(self.covered.items())),
        }


@dataclass(frozen=True, slots=True)
class Arena:
    """Rows in a folder, and both engines."""

    folder: Path
    tables: Tables
    gateway: Gateway

    def embedded(self, one: Query) -> QueryResult:
        """Run a query here; raises TidemillError, also where a row could not be computed."""
        text = STREAMING + self.tables.declared(self.folder) + one.sql() + ";\n"
        script = compile_script(text, f"q{one.number}", CONNECTORS, FORMATS)
        how = EmbeddedRun(random.Random(one.number).choice([None, 1, 3, 7, 10_000]))
        if one.number % 4 == 0:
            how = random_crashes(one.number)
        with tempfile.TemporaryDirectory() as checkpoints:
            try:
                (result,) = run_script(script, lambda table: table, Path(checkpoints), how)
            finally:
                crash_points.install(None)
        assert not result.refused, f"{result.refused} rows went to the dead letters"
        return result

    def on_flink(self, queries: list[Query]) -> dict[int, QueryResult]:
        """Run queries as one job; the results by number."""
        union = "\nUNION ALL\n".join(one.sql() for one in queries)
        text = STREAMING + self.tables.declared(self.folder) + union + ";\n"
        (whole,) = run_on_flink(self.gateway, cut(text, "generated"), timeout_s=300)
        return {
            one.number: QueryResult(
                whole.names, whole.types, [c for c in whole.changes if c.values[0] == one.number]
            )
            for one in queries
        }

    def differs(self, one: Query) -> str | None:
        """How a query's results differ; None where they agree or cannot be had."""
        try:
            theirs = self.on_flink([one])[one.number]
            ours = self.embedded(one)
        except TidemillError:
            return None
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return _difference(ours, theirs)


def _difference(ours: QueryResult, theirs: QueryResult) -> str | None:
    found = compare(ours, theirs, NAMES)
    return "\n".join(found.lines(*NAMES, rows_max=5)) if found else None


def run(
    gateway: Gateway,
    numbers: range,
    seed: int,
    folder: Path,
    say: Callable[[str], None] = lambda _line: None,
    batch: int = 25,
    rows: int = 40,
) -> Outcome:
    """Run queries of a campaign, compare them, and tell what came of it."""
    outcome = Outcome()
    for start in range(numbers.start - numbers.start % batch, numbers.stop, batch):
        tables = make_tables(random.Random(f"{seed}:rows:{start}"), rows)
        place = folder / f"rows-{start}"
        place.mkdir(parents=True, exist_ok=True)
        tables.write(place)
        arena = Arena(place, tables, gateway)
        chosen = [query(seed, n) for n in range(start, start + batch) if n in numbers]
        _compare(arena, chosen, outcome)
        say(
            f"{chosen[-1].number + 1 - numbers.start} of {len(numbers)}: {outcome.with_rows} agree "
            f"with rows, {outcome.agreed - outcome.with_rows} without, "
            f"{sum(outcome.refused.values())} refused, {len(outcome.broken_on_flink)} not on "
            f"Flink, {len(outcome.differing)} differ"
        )
    return outcome


def _compare(arena: Arena, queries: list[Query], outcome: Outcome) -> None:
    ours: dict[int, QueryResult] = {}
    runs: list[Query] = []
    for one in queries:
        try:
            ours[one.number] = arena.embedded(one)
        except TidemillError as error:
            outcome.refused[f"{error.code}: {error.message}"] += 1
            continue
        except Exception as error:
            outcome.differing.append((one, f"{type(error).__name__}: {error}"))
            continue
        runs.append(one)
    for one, theirs in _on_flink(arena, runs, outcome):
        wrong = _difference(ours[one.number], theirs)
        if wrong:
            outcome.differing.append((one, wrong))
            continue
        outcome.agreed += 1
        outcome.with_rows += bool(theirs.changes)
        outcome.covered.update(set(one.used()))


def _on_flink(
    arena: Arena, queries: list[Query], outcome: Outcome
) -> Iterator[tuple[Query, QueryResult]]:
    """All in one job; where that fails, in halves, down to the query that Flink refuses."""
    if not queries:
        return
    try:
        found = arena.on_flink(queries)
    except TidemillError as error:
        if len(queries) == 1:
            outcome.broken_on_flink.append((queries[0], f"{error.code}: {error.message}"))
            return
        half = len(queries) // 2
        yield from _on_flink(arena, queries[:half], outcome)
        yield from _on_flink(arena, queries[half:], outcome)
        return
    for one in queries:
        yield one, found[one.number]


# -- shrinking


def shrink(arena: Arena, one: Query, tries: int = 60) -> tuple[Tables, Query]:
    """Fewer rows and a simpler query that still differ."""
    tables = arena.tables
    for name in (*tables.events, "c1"):
        rows = tables.changes if name == "c1" else tables.events[name]
        step = max(1, len(rows) // 2)
        while step and tries > 0:
            for at in range(0, len(rows), step):
                less = rows[:at] + rows[at + step :]
                tries -= 1
                smaller = _with(tables, name, less)
                smaller.write(arena.folder)
                if Arena(arena.folder, smaller, arena.gateway).differs(one):
                    tables, rows = smaller, less
                    break
                if tries <= 0:
                    break
            else:
                step //= 2
    tables.write(arena.folder)
    arena = Arena(arena.folder, tables, arena.gateway)
    changed = True
    while changed and tries > -40:
        changed = False
        for less in one.simpler():
            tries -= 1
            if arena.differs(less):
                one, changed = less, True
                break
            if tries <= -40:
                break
    return tables, one


def _with(tables: Tables, name: str, rows: list[str]) -> Tables:
    if name == "c1":
        return Tables(tables.events, rows)
    return Tables({**tables.events, name: rows}, tables.changes)


# -- the command


def main() -> int:
    """Run a campaign; exit code 1 where something differs."""
    parser = argparse.ArgumentParser(prog="python -m generator.campaign", description=__doc__)
    parser.add_argument("--gateway", required=True, help="URL of Flink's SQL Gateway")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=5_000, help="queries (default: 5000)")
    parser.add_argument("--start", type=int, default=0, help="number of the first query")
    parser.add_argument("--shrink", type=int, default=3, help="differing queries to make smaller")
    parser.add_argument("--output", type=Path, help="file for the outcome as JSON")
    arguments = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tidemill-generated-") as text:
        folder, gateway = Path(text), Gateway(arguments.gateway)
        numbers = range(arguments.start, arguments.start + arguments.count)
        outcome = run(gateway, numbers, arguments.seed, folder, _say)
        for one, wrong in outcome.differing[: arguments.shrink]:
            _show(gateway, folder, arguments.seed, one, wrong)
    said = {"seed": arguments.seed, "queries": arguments.count, **outcome.as_dict()}
    said["seconds"] = round(time.monotonic() - started)
    if arguments.output:
        arguments.output.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps({k: v for k, v in said.items() if k != "covered"}, ensure_ascii=False))
    return 1 if outcome.differing else 0


def _show(gateway: Gateway, folder: Path, seed: int, one: Query, wrong: str) -> None:
    start = one.number - one.number % 25
    tables = make_tables(random.Random(f"{seed}:rows:{start}"), 40)
    place = folder / f"shrink-{one.number}"
    place.mkdir()
    tables.write(place)
    tables, one = shrink(Arena(place, tables, gateway), one)
    _say(f"query {one.number} differs:\n{wrong}\n{one.sql()}")
    for name, rows in {**tables.events, "c1": tables.changes}.items():
        if f" {name}" in one.sql():
            _say(f"{name}:\n" + "\n".join(rows))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
