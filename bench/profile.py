"""Where the time of a task goes: `python -m bench.profile q16 [--events 2000000]`.

Records the task's input, runs it under py-spy (which must be on the PATH), and prints, of the
samples of all threads that work: the share of each function's own time, and the share of each room
of the engine (the innermost frame of ours, so that DuckDB's, Arrow's and NumPy's time counts where
it is called).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bench.engines.tidemill import Tidemill
from bench.runs import Bench
from bench.servers import running
from bench.tasks import TASKS

LINES_MAX = 25
_OURS = "tidemill/"


def main() -> int:
    """Profile the tasks, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile")
    parser.add_argument("tasks", nargs="+", choices=sorted(TASKS), metavar="TASK")
    parser.add_argument("--events", type=int, default=2_000_000)
    asked = parser.parse_args()
    spy = shutil.which("py-spy")
    if spy is None:
        sys.exit("py-spy is needed: pip install py-spy")
    tasks = [TASKS[name] for name in asked.tasks]
    with (
        tempfile.TemporaryDirectory() as text,
        running(Path(text), postgres=any(task.places for task in tasks)) as servers,
    ):
        bench = Bench(servers, Path(text))
        for task in tasks:
            name, count = task.name, int(asked.events)
            bench.prepare(task, [count])
            inputs = bench.recorded(task, count)
            job = bench.job(Tidemill(), task, inputs, count=count, exactly_once=True)
            folder = job.folder
            (folder / "task.sql").write_text(job.text)
            program = Path(sys.executable).with_name("tidemill")
            subprocess.run(
                [spy, "record", "-f", "raw", "-r", "200", "-o", "profile", "--", str(program),
                 "run", "task.sql", "--json"],
                cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            print(report(name, (folder / "profile").read_text()))
    return 0


def report(name: str, collapsed: str) -> str:
    """The shares, from py-spy's collapsed stacks."""
    own: Counter[str] = Counter()
    rooms: Counter[str] = Counter()
    for line in collapsed.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if not count.isdigit() or "(threading.py" in frames[-1] or frames[-1].startswith("wait"):
            continue
        own[_short(frames[-1])] += int(count)
        ours = [frame for frame in frames if _OURS in frame]
        if ours:
            rooms[_short(ours[-1])] += int(count)
    total = sum(own.values()) or 1
    lines = [f"{name}: {total:,} samples"]
    for title, counts in (("innermost frame of ours", rooms), ("own time", own)):
        lines.append(f"  {title}")
        lines += [f"    {n / total:6.1%}  {what}" for what, n in counts.most_common(LINES_MAX)]
    return "\n".join(lines)


def _short(frame: str) -> str:
    """`function (file)` without the line and the way to the file."""
    function, _, place = frame.partition(" (")
    file = place.rpartition(":")[0] or place.rstrip(")")
    return f"{function} ({file.rpartition('tidemill/')[2] or file})"


if __name__ == "__main__":
    raise SystemExit(main())
