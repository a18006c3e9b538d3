"""Min-max scaling of a wide file on the embedded engine and on Spark, from one pipeline.

    python -m bench.min_max [--rows 10000000]

Both read the same Parquet file and write Parquet; the results are compared row by row. Time is from
the start of the command to its end, memory the peak of the resident sizes of all its processes.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.measure import TreeMeter, Usage

COLUMNS = ("pregnancies", "glucose", "pressure", "skin", "bmi", "pedigree", "age")
_CHUNK = 1_000_000


def main() -> int:
    """Write the file, run both, print the figures; exit code 1 where the results differ."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="tidemill-min-max-") as text:
        root = Path(text)
        _write_input(root / "patients.parquet", arguments.rows)
        _write_pipeline(root)
        print(f"{arguments.rows:,} rows, {(root / 'patients.parquet').stat().st_size:,} bytes")
        results = {}
        for engine in ("embedded", "spark"):
            used = _run(root, engine)
            print(
                f"{engine}: {used.wall_s:.1f} s, {used.cpu_s:.1f} s of CPU, "
                f"{used.memory_peak_bytes / 1e6:,.0f} MB",
                flush=True,
            )
            results[engine] = _read(root / "scaled")
            shutil.rmtree(root / "scaled")
        same = _same(results["embedded"], results["spark"])
        print("same result" if same else "DIFFERENT RESULTS")
    return 0 if same else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    return parser.parse_args()


def _write_input(path: Path, rows: int) -> None:
    random = np.random.default_rng(7)
    names = ("id", *COLUMNS)
    schema = pa.schema([(name, pa.int64() if name == "id" else pa.float64()) for name in names])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, _CHUNK):
            count = min(_CHUNK, rows - start)
            columns = [pa.array(random.gamma(4.0, 20.0, count).round(3)) for _ in COLUMNS]
            ids = pa.array(np.arange(start, start + count))
            writer.write_table(pa.table([ids, *columns], schema=schema))


def _write_pipeline(root: Path) -> None:
    columns = ", ".join(f"{name} DOUBLE" for name in COLUMNS)
    ranges = ", ".join(f"MIN({n}) AS {n}_low, MAX({n}) AS {n}_high" for n in COLUMNS)
    scaled = ",\n  ".join(f"({n} - {n}_low) / ({n}_high - {n}_low)" for n in COLUMNS)
    (root / "scale.sql").write_text(
        f"""CREATE TABLE patients (id BIGINT, {columns})
WITH ('connector' = 'filesystem', 'path' = 'patients.parquet', 'format' = 'parquet');
CREATE TABLE scaled (id BIGINT, {columns})
WITH ('connector' = 'filesystem', 'path' = 'scaled', 'format' = 'parquet');
CREATE VIEW ranges AS SELECT {ranges} FROM patients;
INSERT INTO scaled SELECT id,
  {scaled}
FROM patients CROSS JOIN ranges;
""",
        encoding="utf-8",
    )


def _run(root: Path, engine: str) -> Usage:
    """Run the pipeline as a user does; raises where it fails."""
    command = [str(Path(sys.executable).with_name("tidemill")), "run", "scale.sql"]
    command += ["--engine", engine]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL) as process:
        meter = TreeMeter([process.pid])
        code = process.wait()
        used = meter.stop()
    if code != 0:
        raise SystemExit(f"{engine} ended with {code}")
    return used


def _read(folder: Path) -> pa.Table:
    files = sorted(folder.rglob("*.parquet"))
    return pa.concat_tables([pq.ParquetFile(file).read() for file in files]).sort_by("id")


def _same(left: pa.Table, right: pa.Table) -> bool:
    if left.num_rows != right.num_rows:
        return False
    pairs = [(left[name].to_numpy(), right[name].to_numpy()) for name in left.column_names]
    return all(np.allclose(a, b, rtol=1e-9, atol=0.0) for a, b in pairs)


if __name__ == "__main__":
    sys.exit(main())
