"""Reads Iceberg tables by DuckDB's own reader, in the environment `duckdb-iceberg`.

python duckdb_reader.py OUT METADATA ...   writes the rows of each table to OUT/<number>.parquet
"""

import importlib
import sys
from pathlib import Path

import duckdb

with duckdb.connect() as duck:
    for name in ("avro", "iceberg"):
        package = importlib.import_module(f"duckdb_extension_{name}")
        (file,) = Path(str(package.__file__)).parent.rglob(f"{name}.duckdb_extension")
        duck.load_extension(str(file))
    out, *tables = sys.argv[1:]
    for number, metadata in enumerate(tables):
        duck.execute("COPY (FROM iceberg_scan($1)) TO $2", [metadata, f"{out}/{number}.parquet"])
