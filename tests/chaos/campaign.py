"""`kill -9` at random moments of a run over Debezium: no duplicate, no gap.

    .venv/bin/python tests/chaos/campaign.py --rows 200000 --kills 20 --seed 1

What `tidemill chaos` does not reach, as it feeds Kafka itself: the taxi example, with the engine,
Kafka and Connect killed at seeded random moments, a bit of everything. The run is verified against
SQL over the table; with `--twice` its outputs (topics read with read_committed, the table in
Postgres) are also compared with those of an undisturbed run.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from stage import Stage, stage

TARGETS = ("connect", "engine", "kafka")


@dataclass
class Outcome:
    """What one run came to."""

    digests: dict[str, str]
    differences: tuple[str, ...]
    seconds: float
    kills: list[tuple[float, str]] = field(default_factory=list)
    engine_starts: int = 0
    engine_own_ends: list[int] = field(default_factory=list)
    connector_restarts: int = 0
    servers_given_up: int = 0


def schedule(kills: int, length_s: float, seed: int) -> list[tuple[float, str]]:
    """Moments and targets; every target comes up about equally often."""
    rng = random.Random(seed)
    moments = sorted(rng.uniform(0.5, length_s) for _ in range(kills))
    targets = [TARGETS[i % len(TARGETS)] for i in range(kills)]
    rng.shuffle(targets)
    return list(zip(moments, targets, strict=True))


def run(folder: Path, rows: int, rate: int | None, plan: list[tuple[float, str]]) -> Outcome:
    """One run with these kills."""
    begun_at = time.monotonic()
    with stage(folder, rows, rate) as live:
        live.start_engine()
        live.loader.start()
        live.wait_for_first_change()
        kills = _kill(live, plan)
        live.wait_until_through()
        code = live.stop_engine()
        assert code in (0, 130), f"the engine ended with {code}; see {folder}/engine.log"
        verification = live.verification()
        differences = (*verification.rows_missing, *verification.windows_differ)
        return Outcome(
            live.digests(),
            differences,
            time.monotonic() - begun_at,
            kills,
            live.engine_starts,
            live.engine_own_ends,
            live.connector_restarts,
            live.servers_given_up,
        )


def _kill(live: Stage, plan: list[tuple[float, str]]) -> list[tuple[float, str]]:
    begun_at, done = time.monotonic(), []
    for moment, target in plan:
        while time.monotonic() - begun_at < moment:
            time.sleep(0.05)
        while not live.kill(target):
            live.tend()
            time.sleep(0.2)
        done.append((round(time.monotonic() - begun_at, 2), target))
        print(f"  {done[-1][0]:6.1f} s  kill -9 {target}", file=sys.stderr, flush=True)
    return done


def campaign(
    folder: Path, rows: int, rate: int | None, kills: int, seed: int, *, twice: bool = False
) -> list[str]:
    """The disturbed run, or both; what differs, in sentences (nothing, if all is well)."""
    length_s = rows / rate if rate else 20.0
    wild = run(folder / "wild", rows, rate, schedule(kills, length_s, seed))
    print(
        f"disturbed: {wild.seconds:.1f} s, {len(wild.kills)} kills, {wild.engine_starts} starts of "
        f"the engine (ended by itself: {wild.engine_own_ends}), {wild.connector_restarts} restarts "
        f"of the connector, {wild.servers_given_up} of servers that the supervisor had given up",
        file=sys.stderr,
        flush=True,
    )
    found = [f"disturbed: {text}" for text in wild.differences]
    if twice:
        calm = run(folder / "calm", rows, rate, [])
        print(f"undisturbed: {calm.seconds:.1f} s", file=sys.stderr, flush=True)
        found += [f"undisturbed: {text}" for text in calm.differences]
        digests = calm.digests.items()
        found += [f"{name}: the runs differ" for name, one in digests if wild.digests[name] != one]
    return found


def main() -> int:
    """Run a campaign from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rate", type=int, default=2_500)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--twice", action="store_true", help="compare with an undisturbed run")
    parser.add_argument("--folder", type=Path, help="kept; by default a temporary one")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="tidemill-chaos-"))
    shutil.rmtree(folder, ignore_errors=True)
    found = campaign(folder, given.rows, given.rate, given.kills, given.seed, twice=given.twice)
    for text in found:
        print(text)
    print(f"{'DIFFERENT' if found else 'EQUAL'}: {given.rows} rows, {given.kills} kills")
    if given.folder is None and not found:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
