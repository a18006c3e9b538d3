"""`kill -9` of a pipeline that writes to Redis, at random moments; then what Redis holds.

    .venv/bin/python tests/connectors/redis/kills.py --kills 20 --rows 200000

Two sinks in one epoch: a stream of all rows (a repeated or lost row shows), and a hash per group,
whose groups come and go (HAVING), so that keys are deleted too.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import redis

PIPELINE = """
CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '{rate}',
  'number-of-rows' = '{rows}', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1',
  'fields.id.end' = '{rows}');
CREATE TABLE all_rows (id BIGINT, g STRING) WITH ('connector' = 'redis', 'url' = '${{env:R_URL}}',
  'username' = '${{env:R_USER}}', 'password' = '${{env:R_PASSWORD}}', 'mode' = 'stream',
  'key' = '{prefix}:all');
CREATE TABLE per_group (g STRING, n BIGINT, total BIGINT, PRIMARY KEY (g) NOT ENFORCED) WITH (
  'connector' = 'redis', 'url' = '${{env:R_URL}}', 'username' = '${{env:R_USER}}',
  'password' = '${{env:R_PASSWORD}}', 'key' = '{prefix}:group:{{g}}');
BEGIN STATEMENT SET;
INSERT INTO all_rows SELECT id, CAST(MOD(id, 97) AS STRING) FROM numbers;
INSERT INTO per_group SELECT g, COUNT(*), SUM(id) FROM (
  SELECT id, CAST(MOD(id, 97) AS STRING) AS g FROM numbers) GROUP BY g HAVING MOD(COUNT(*), 3) <> 0;
END;
"""


def run(
    client: Any, env: dict[str, str], folder: Path, rows: int, rate: int, kills: int
) -> list[str]:
    """Run the pipeline to its end through the kills; what is wrong afterwards."""
    prefix = f"kills_{os.getpid()}_{time.time_ns()}"
    (folder / "tidemill.yaml").write_text("name: kills\n")
    (folder / "p.sql").write_text(PIPELINE.format(rows=rows, rate=rate, prefix=prefix))
    dice = random.Random(kills)
    command = [sys.executable, "-m", "tidemill.cli", "run", "p.sql"]
    for _ in range(kills):
        before = _length(client, prefix)
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **env},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while process.poll() is None and _length(client, prefix) == before:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, rows / rate / (kills + 2)))
        process.kill()
        process.wait()
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return _wrong(client, prefix, rows)


def _length(client: Any, prefix: str) -> int:
    return client.xlen(f"{prefix}:all")


def _wrong(client: Any, prefix: str, rows: int) -> list[str]:
    found = Counter(int(fields["id"]) for _, fields in client.xrange(f"{prefix}:all"))
    wrong = [f"row {i} is there {found[i]} times" for i in range(1, rows + 1) if found[i] != 1]
    groups: dict[int, list[int]] = {}
    for i in range(1, rows + 1):
        groups.setdefault(i % 97, []).append(i)
    for group, ids in groups.items():
        expected = {"g": str(group), "n": str(len(ids)), "total": str(sum(ids))}
        there = client.hgetall(f"{prefix}:group:{group}")
        if there != (expected if len(ids) % 3 else {}):
            wrong.append(f"group {group} is {there}")
    client.delete(f"{prefix}:all", *client.keys(f"{prefix}:*"))
    return wrong


def main() -> int:
    """Against the server of the environment's R_URL, R_USER and R_PASSWORD."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=20)
    given = parser.parse_args()
    env = {name: os.environ[name] for name in ("R_URL", "R_USER", "R_PASSWORD")}
    client = redis.Redis.from_url(
        env["R_URL"], username=env["R_USER"], password=env["R_PASSWORD"], decode_responses=True
    )
    with tempfile.TemporaryDirectory() as folder:
        wrong = run(client, env, Path(folder), given.rows, given.rate, given.kills)
    print("\n".join(wrong[:20]))
    print(f"{len(wrong)} differences after {given.kills} kills, {given.rows} rows")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
