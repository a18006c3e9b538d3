"""Runs generated queries on both engines and compares: `python -m generator.campaign --help`.

Queries of one batch read the same rows and run on Flink as one job, a UNION ALL, while the
embedded engine runs each by itself, in a batch size of its own, some killed and resumed. A batch
that Flink refuses falls apart into halves, down to the query that it refuses. A query that the
embedded engine refuses is counted by the code of its refusal; one that differs is run again alone,
and made smaller, rows first.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from corpus import random_crashes

from generator.coverage import operators
from generator.outcomes import keep
from generator.postgres import looked_up
from generator.queries import Query, query
from generator.tables import Tables, make_tables
from tidemill.connectors import CONNECTORS
from tidemill.control.parity.compare import compare
from tidemill.control.parity.embedded import EmbeddedRun, run_script
from tidemill.control.parity.on_flink import run_on_flink
from tidemill.control.parity.results import Change, QueryResult
from tidemill.engine import crash_points
from tidemill.errors import SqlError, TidemillError
from tidemill.formats import FORMATS
from tidemill.runners.flink import Gateway, cut
from tidemill.services import running_endpoints
from tidemill.sql import compile_script
from tidemill.sql.logical import Script

STREAMING = "SET 'execution.runtime-mode' = 'streaming';\n"
NAMES = ("embedded", "on Flink")
BATCH = 40
"""Queries to a job."""
ROWS = 30
WAYS: tuple[int | None, ...] = (*[None] * 12, *[10_000] * 4, 7, 7, 7, 3)
"""Batch sizes; small ones cost the most, and the corpus is run in all of them."""
CRASHES_EVERY = 40


@dataclass(slots=True)
class Outcome:
    """What a campaign found."""

    queries: int = 0
    agreed: int = 0
    with_rows: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    broken_on_flink: list[tuple[Query, str]] = field(default_factory=list)
    differing: list[tuple[Query, str]] = field(default_factory=list)
    only_together: list[tuple[Query, str]] = field(default_factory=list)
    """Differed as parts of a job, and agreed by themselves: counted as agreed, and told."""
    unsteady: list[tuple[Query, str]] = field(default_factory=list)
    """Flink alone gave other rows at another time: it judges nothing, so they are only told."""
    covered: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "queries": self.queries,
            "agreed": self.agreed,
            "agreed_with_rows": self.with_rows,
            "refused": dict(self.refused.most_common()),
            "broken_on_flink": [[q.number, why] for q, why in self.broken_on_flink],
            "differing": [[q.number, why] for q, why in self.differing],
            "only_together": [[q.number, why] for q, why in self.only_together],
            "unsteady_on_flink": [[q.number, why] for q, why in self.unsteady],
            "covered": dict(sorted(self.covered.items())),
        }


@dataclass(frozen=True, slots=True)
class Arena:
    """Rows in a folder, and both engines."""

    folder: Path
    tables: Tables
    gateway: Gateway

    def compiled(self, one: Query) -> Script:
        """A query with its tables, bound; raises TidemillError."""
        text = STREAMING + self.tables.declared(self.folder, one.sql()) + one.sql() + ";\n"
        return compile_script(text, f"q{one.number}", CONNECTORS, FORMATS)

    def embedded(self, one: Query, script: Script | None = None) -> QueryResult:
        """Run a query here; raises TidemillError, also where a row could not be computed."""
        how = EmbeddedRun(random.Random(one.number).choice(WAYS))
        if one.number % CRASHES_EVERY == 0:
            how = random_crashes(one.number)
        script = script or self.compiled(one)
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
        text = STREAMING + self.tables.declared(self.folder, union) + union + ";\n"
        (whole,) = run_on_flink(self.gateway, cut(text, "generated"), timeout_s=300)
        changes: dict[int, list[Change]] = {one.number: [] for one in queries}
        for change in whole.changes:
            changes[change.values[0]].append(change)
        return {n: QueryResult(whole.names, whole.types, found) for n, found in changes.items()}

    def differs(self, one: Query) -> str | None:
        """How a query's results differ; None where they agree or cannot be had."""
        try:
            return self.alone(one)
        except TidemillError:
            return None

    def steady(self, one: Query, times: int = 6) -> bool:
        """Whether Flink gives the same rows for a query each time it is asked, alone."""
        try:
            results = [self.on_flink([one])[one.number] for _ in range(times)]
        except TidemillError:
            return True
        return all(not compare(results[0], other, NAMES) for other in results[1:])

    def alone(self, one: Query) -> str | None:
        """How the results of a query differ that is a job of its own; raises TidemillError."""
        theirs = self.on_flink([one])[one.number]
        try:
            ours = self.embedded(one)
        except TidemillError:
            raise
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return _difference(ours, theirs)


def _difference(ours: QueryResult, theirs: QueryResult) -> str | None:
    found = compare(ours, theirs, NAMES)
    return "\n".join(found.lines(*NAMES, rows_max=5)) if found else None


def arena(gateway: Gateway, folder: Path, seed: int, batch: int, looked_up: str | None) -> Arena:
    """The rows of one batch of a campaign."""
    tables = make_tables(random.Random(f"{seed}:rows:{batch}"), ROWS, looked_up)
    place = folder / f"rows-{batch}"
    place.mkdir(parents=True, exist_ok=True)
    tables.write(place)
    return Arena(place, tables, gateway)


def run(
    gateway: Gateway,
    numbers: range,
    seed: int,
    folder: Path,
    say: Callable[[str], None] = lambda _line: None,
    looked_up: str | None = None,
    until: float = float("inf"),
) -> Outcome:
    """Run queries of a campaign, compare them, and tell what came of it.

    Args:
        gateway: of the Flink to compare with.
        numbers: which queries.
        seed: of the campaign.
        folder: where the rows are written.
        say: is told how far it is.
        looked_up: the options of the table in Postgres that lookup joins ask.
        until: begin no batch after this time of the monotonic clock.
    """
    outcome = Outcome()
    waiting: list[_Batch] = []
    with ThreadPoolExecutor(1) as pool:
        for start in range(numbers.start - numbers.start % BATCH, numbers.stop, BATCH):
            if time.monotonic() > until:
                break
            there = arena(gateway, folder, seed, start, looked_up)
            chosen = [query(seed, n) for n in range(start, start + BATCH) if n in numbers]
            outcome.queries += len(chosen)
            scripts = _compiled(there, chosen, outcome)
            asked = [one for one in chosen if one.number in scripts]
            theirs = pool.submit(lambda a, q: list(_on_flink(a, q)), there, asked)
            ours = _here(there, asked, scripts, outcome)
            waiting.append(_Batch(there, chosen, scripts, theirs, ours))
            if len(waiting) > 1:
                _compare(waiting.pop(0), outcome, say)
        for batch in waiting:
            _compare(batch, outcome, say)
    return outcome


@dataclass(frozen=True, slots=True)
class _Batch:
    """Queries over the same rows, and what the engines gave for them."""

    arena: Arena
    queries: list[Query]
    scripts: Mapping[int, Script]
    theirs: Future[list[tuple[Query, QueryResult | TidemillError]]]
    ours: dict[int, QueryResult]


def _compiled(there: Arena, queries: list[Query], outcome: Outcome) -> dict[int, Script]:
    """The queries that the embedded engine takes, before Flink is asked."""
    found = {}
    for one in queries:
        try:
            found[one.number] = there.compiled(one)
        except TidemillError as error:
            outcome.refused[f"{error.code}: {error.message}"] += 1
    return found


def _here(
    there: Arena, queries: list[Query], scripts: Mapping[int, Script], outcome: Outcome
) -> dict[int, QueryResult]:
    ours = {}
    for one in queries:
        try:
            ours[one.number] = there.embedded(one, scripts[one.number])
        except SqlError as error:
            outcome.refused[f"{error.code}: {error.message}"] += 1
        except Exception as error:
            outcome.differing.append((one, f"{type(error).__name__}: {error}"))
    return ours


def _compare(batch: _Batch, outcome: Outcome, say: Callable[[str], None]) -> None:
    for one, theirs in batch.theirs.result():
        if one.number not in batch.ours:
            continue
        if isinstance(theirs, TidemillError):
            outcome.broken_on_flink.append((one, f"{theirs.code}: {theirs.message}"))
            continue
        if together := _difference(batch.ours[one.number], theirs):
            if wrong := _alone(batch.arena, one):
                steady = batch.arena.steady(one)
                (outcome.differing if steady else outcome.unsteady).append((one, wrong))
                continue
            outcome.only_together.append((one, together))
        outcome.agreed += 1
        if theirs.changes:
            outcome.with_rows += 1
            outcome.covered.update(set(one.used()) | operators(batch.scripts[one.number]))
    say(
        f"to {batch.queries[-1].number}: {outcome.with_rows} agree with rows, "
        f"{outcome.agreed - outcome.with_rows} without, {sum(outcome.refused.values())} refused, "
        f"{len(outcome.broken_on_flink)} not on Flink, {len(outcome.differing)} differ"
    )


def _alone(there: Arena, one: Query) -> str | None:
    try:
        return there.alone(one)
    except TidemillError as error:  # it differed: that it cannot be run again clears nothing
        return f"differs, and then {error.code}: {error.message}"


def _on_flink(
    there: Arena, queries: list[Query]
) -> Iterator[tuple[Query, QueryResult | TidemillError]]:
    """All in one job; where that fails, in halves, down to the query that Flink refuses."""
    if not queries:
        return
    try:
        found = there.on_flink(queries)
    except TidemillError as error:
        if len(queries) == 1:
            yield queries[0], error
            return
        half = len(queries) // 2
        yield from _on_flink(there, queries[:half])
        yield from _on_flink(there, queries[half:])
        return
    for one in queries:
        yield one, found[one.number]


# -- shrinking


def shrink(there: Arena, one: Query, tries: int = 60) -> tuple[Tables, Query]:
    """Fewer rows and a simpler query that still differ."""
    tables = there.tables
    for name in tables.rows:
        if re.search(rf"\b{name}\b", tables.declared(there.folder, one.sql())) is None:
            continue
        step = max(1, len(tables.rows[name]) // 2)
        while step and tries > 0:
            for at in range(0, len(tables.rows[name]), step):
                rows = tables.rows[name]
                smaller = replace(tables, rows={**tables.rows, name: rows[:at] + rows[at + step :]})
                tries -= 1
                smaller.write(there.folder)
                if replace(there, tables=smaller).differs(one):
                    tables = smaller
                    break
                if tries <= 0:
                    break
            else:
                step //= 2
    tables.write(there.folder)
    there = replace(there, tables=tables)
    changed = True
    while changed and tries > -40:
        changed = False
        for less in one.simpler():
            tries -= 1
            if there.differs(less):
                one, changed = less, True
                break
            if tries <= -40:
                break
    return tables, one


# -- the command


def main() -> int:
    """Run a campaign; exit code 1 where something differs."""
    parser = argparse.ArgumentParser(prog="python -m generator.campaign", description=__doc__)
    parser.add_argument("--stack", required=True, type=Path, help="the .tidemill folder of servers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=5_000, help="queries (default: 5000)")
    parser.add_argument("--start", type=int, default=0, help="number of the first query")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no batch after them")
    parser.add_argument("--shrink", type=int, default=3, help="differing queries to make smaller")
    parser.add_argument("--output", type=Path, help="file for the outcome, added to what it holds")
    arguments = parser.parse_args()
    started = time.monotonic()
    endpoints = running_endpoints(arguments.stack)
    gateway = Gateway(endpoints["flink-gateway"].properties["url"])
    with (
        tempfile.TemporaryDirectory(prefix="tidemill-generated-") as text,
        looked_up(endpoints["postgres"]) as options,
    ):
        folder, seed = Path(text), arguments.seed
        numbers = range(arguments.start, arguments.start + arguments.count)
        until = started + arguments.minutes * 60
        outcome = run(gateway, numbers, seed, folder, _say, options, until)
        for one, wrong in outcome.differing[: arguments.shrink]:
            start = one.number - one.number % BATCH
            there = arena(gateway, folder / "shrink", seed, start, options)
            _say(f"query {one.number} differs:\n{wrong}\n{one.sql()}")
            tables, small = shrink(there, one)
            _say(f"smaller:\n{there.differs(small)}\n{small.sql()}")
            for name, rows in tables.rows.items():
                if re.search(rf"\b{name}\b", tables.declared(folder, small.sql())):
                    _say(f"{name}:\n" + "\n".join(rows))
    said = outcome.as_dict() | {"seconds": round(time.monotonic() - started)}
    if arguments.output:
        keep(arguments.output, seed, said)
    print(json.dumps({k: v for k, v in said.items() if k != "covered"}, ensure_ascii=False))
    return 1 if outcome.differing else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
