"""One hour at half of the top rate: what grows, and whether the rows are right at the end.

    python -m bench.soak [--minutes 60] [--rate N] [--output FOLDER]

Starts Kafka (which keeps 3 GB), Postgres and Connect in a folder of their own, measures the top
rate that feeder, broker and engine reach together on this machine, and feeds half of it (or
`--rate`) to a pipeline of windows over a topic and of totals over a captured table. Each ten
seconds it reads memory, file handles, threads, the state folder, the slot's WAL and the lag; of
what comes after warm-up it gives the growth an hour with its confidence interval. Windows are
compared with DuckDB's, totals with the table. Exit code: 0 all PASS, 1 a line FAILs, 3 the run was
too short or noisy to tell (UNSURE). `--leak` runs an engine that leaks on purpose, to see that it
is found.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.engines.process import ProcessRun, say
from bench.soak import verify
from bench.soak.feeder import Feeder
from bench.soak.project import COMMAND, LEAKING, NAME, WINDOWS, Soaked, Trickle
from bench.soak.readings import Reader, lags, records_read
from bench.soak.report import Soak, markdown, write
from bench.watch import Growth

EVERY_S = 10.0
TOP_S, TOP_WARM_UP_S = 25, 8.0
NOMINAL_RATE = 1_000_000
LATE_MAX_S, DRAIN_MAX_S, QUIET_S = 5.0, 180.0, 3.0
_CODES = {"PASS": 0, "FAIL": 1, "UNSURE": 3}


def main() -> int:
    """Soak, print, write."""
    asked = _arguments()
    root = Path(tempfile.mkdtemp(prefix="tidemill-soak-"))
    soaked = None
    try:
        say(f"servers in {root}")
        soaked = Soaked(root)
        rate = asked.rate or _top_rate(soaked) // 2
        found = _soak(soaked, rate, asked)
    finally:
        if soaked is not None:
            soaked.down()
        if not asked.keep:
            shutil.rmtree(root, ignore_errors=True)
    print(markdown(found))
    if asked.output:
        write(found, asked.output)
    return _CODES[found.verdict()]


def _top_rate(soaked: Soaked) -> int:
    """Events a second that the pipeline reads while they are fed as fast as they go."""
    engine = soaked.start("top")
    try:
        with soaked.feed("top-rides", NOMINAL_RATE, TOP_S, paced=False):
            time.sleep(TOP_WARM_UP_S)
            before, began_s = records_read(soaked.state("top"), "rides"), time.monotonic()
            time.sleep(TOP_S - TOP_WARM_UP_S - 2)
            read = records_read(soaked.state("top"), "rides") - before
            top = int(read / (time.monotonic() - began_s))
        engine.finished()  # Raises where it has failed.
        say(f"top rate with the feeder on this machine: {top:,} events/s")
        return top
    finally:
        engine.end()


def _soak(soaked: Soaked, rate: int, asked: argparse.Namespace) -> Soak:
    seconds = int(asked.minutes * 60)
    warm_up_s = 60 * (asked.warm_up_minutes or min(10.0, asked.minutes / 4))
    soak = Soak(_about(rate, asked), warm_up_s)
    say(f"{seconds} s at {rate:,} events/s")
    trickle = Trickle(soaked.servers)
    engine = soaked.start(NAME, LEAKING if asked.leak else COMMAND)
    try:
        with soaked.feed("rides", rate, seconds) as feeder, soaked.servers.connect() as postgres:
            reader = Reader(engine.pids[0], soaked.state(NAME), postgres)
            _read_on(soak, reader, engine, feeder)
            sent, late_s = feeder.result()
            trickle.stop()
            _drain(soaked, engine)
            wrong = verify.check_totals(postgres)
    finally:
        engine.end()
    soak.about["events"] = f"{sent:,}"
    kept_up = "PASS" if late_s <= LATE_MAX_S else "FAIL"
    soak.checks["the feeder was late by"] = kept_up, f"{late_s:.1f} s at most"
    soak.checks["totals"] = "FAIL" if wrong else "PASS", f"{wrong} rows differ from the table"
    rows, found = verify.check_windows(soaked.servers.bootstrap, sent, rate)
    text = ", ".join(f"{number:,} {name}" for name, number in found.items())
    soak.checks["windows"] = "FAIL" if any(found.values()) else "PASS", f"{rows:,} rows: {text}"
    return soak


def _read_on(soak: Soak, reader: Reader, engine: ProcessRun, feeder: Feeder) -> None:
    """A reading each ten seconds until all is fed."""
    due_s = time.monotonic()
    while feeder.running:
        if engine.finished():
            raise SystemExit("the pipeline ended before its time")
        soak.readings.append(one := reader.read())
        if len(soak.readings) % 30 == 1:
            shown = ", ".join(f"{name} {value:,.0f}" for name, value in one.values.items())
            say(f"{one.at_s:,.0f} s: {shown}")
        due_s += EVERY_S
        while feeder.running and time.monotonic() < due_s:
            time.sleep(0.2)


def _drain(soaked: Soaked, engine: ProcessRun) -> None:
    """Until all rides are read, and the windows' topic grows no more."""
    deadline = time.monotonic() + DRAIN_MAX_S
    growth = Growth(soaked.servers.bootstrap, WINDOWS)
    try:
        while growth.quiet_s() < QUIET_S or any(lags(soaked.state(NAME))["rides"].values()):
            if engine.finished() or time.monotonic() > deadline:
                raise SystemExit(f"rides are not read after {DRAIN_MAX_S:.0f} s")
            time.sleep(0.2)
    finally:
        growth.close()


def _about(rate: int, asked: argparse.Namespace) -> dict[str, object]:
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "command": "python -m bench.soak " + " ".join(sys.argv[1:]),
        "machine": f"{psutil.cpu_count()} cores, {platform.machine()}, {platform.release()}",
        "rate": f"{rate:,} events/s"
        + ("" if asked.rate else ", half of the top rate with the feeder on the machine"),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=int, help="events/s; default: half of the top rate")
    parser.add_argument(
        "--warm-up-minutes", type=float, help="default: a quarter of the run, 10 at most"
    )
    parser.add_argument("--leak", action="store_true", help="an engine that leaks on purpose")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    parser.add_argument("--output", type=Path, help="folder for soak.md, soak.json, soak.svg")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
