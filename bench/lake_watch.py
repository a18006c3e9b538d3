"""A bucket of many small objects: listing it, telling of each as an event, and looking again.

    python -m bench.lake_watch [--objects 100000]

Starts S3Proxy and Kafka in a folder of their own, puts objects of a few bytes, then runs
`tidemill lake ls`, `lake watch --once` (all are new), `lake watch --once` again (none is, after a
start anew), and the same after a hundredth of them was written anew. Time is that of the command,
memory the peak of its resident size; the events in the topic are counted and compared.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.measure import TreeMeter
from tidemill.control.object_stores import open_project_store
from tidemill.control.topics import Cluster, read_topic

BUCKET, TOPIC = "s3://lake/many/", "events"
_PROJECT = "name: watch\nservers: {s3: {start_timeout_s: 300}, kafka: {start_timeout_s: 300}}\n"
_COMMAND = (sys.executable, "-m", "tidemill.cli")


def main() -> int:
    """Measure, print, and compare; exit code 1 where an event is missing or twice there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--objects", type=int, default=100_000)
    count = parser.parse_args().objects
    root = Path(tempfile.mkdtemp(prefix="tidemill-watch-"))
    (root / "tidemill.yaml").write_text(
        "name: watch\nservers: {s3: {start_timeout_s: 300}, kafka: {start_timeout_s: 300}}\n",
        "utf-8",
    )
    try:
        subprocess.run([*_COMMAND, "up"], cwd=root, check=True, stdout=-3)
        return 0 if _measure(root, count) else 1
    finally:
        subprocess.run([*_COMMAND, "down"], cwd=root, check=True, stdout=-3)
        shutil.rmtree(root, ignore_errors=True)


def _measure(root: Path, count: int) -> bool:
    changed = range(0, count, 100)
    watch = ("lake", "watch", BUCKET, "--topic", TOPIC, "--once")
    begun_s = time.monotonic()
    _put(root, range(count), "first")
    took_s = time.monotonic() - begun_s
    print(f"put {count:,} objects: {took_s:.0f} s", flush=True)
    _run(root, f"list {count:,}", "lake", "ls", BUCKET)
    _run(root, f"tell of {count:,} new ones", *watch)
    _run(root, "look again: none is new", *watch)
    _put(root, changed, "another")
    _run(root, f"look again: {len(changed):,} are", *watch)
    wanted = Counter(f"lake/many/{_name(i)}" for i in (*range(count), *changed))
    events = (json.loads(r.value or b"{}") for r in read_topic(Cluster(root), TOPIC))
    same = Counter(event["Key"] for event in events) == wanted
    print("each version has one event" if same else "EVENTS ARE MISSING OR DOUBLED")
    return same


def _name(number: int) -> str:
    return f"{number % 100:02}/{number:06}.json"


def _put(root: Path, numbers: range, text: str) -> None:
    store, parsed = open_project_store(BUCKET, root)

    def put(number: int) -> None:
        store.put(parsed.key + _name(number), f'{{"{text}": {number}}}\n'.encode())

    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(put, numbers, chunksize=1000):
            pass
    store.close()


def _run(root: Path, what: str, *arguments: str) -> None:
    with subprocess.Popen([*_COMMAND, *arguments], cwd=root, stdout=-3, stderr=-3) as process:
        meter = TreeMeter([process.pid])
        code = process.wait()
        used = meter.stop()
    if code != 0:
        raise SystemExit(f"{what}: ended with {code}")
    print(
        f"{what}: {used.wall_s:.1f} s, {used.cpu_s:.1f} s of CPU, "
        f"{used.memory_peak_bytes / 1e6:,.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
