"""Queries on Spark, their rows collected: one session for as many scripts as are asked for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from tidemill.control.parity.embedded import Settle
from tidemill.control.parity.results import QueryResult, changes_of
from tidemill.control.spark_errors import spark_failed
from tidemill.control.spark_process import spark_command
from tidemill.errors import ComponentError
from tidemill.model import Batch, Schema, TableDescriptor
from tidemill.runners.spark import spark_program
from tidemill.sql.logical import Insert, Script


class SparkSession:
    """A Spark on this machine that runs program after program; ends with `close`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = spark_command(folder / "spark", ("--serve",), brief=True)
        self._log = (folder / "spark.log").open("ab")
        self._process = subprocess.Popen(
            command.argv,
            env=dict(command.env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=folder,
        )
        self._count = 0

    def query(self, script: Script, settle: Settle) -> list[QueryResult]:
        """Run all bare SELECTs of a script; raises TidemillError."""
        self._count += 1
        root = self.folder / f"run-{self._count}"
        root.mkdir()
        made = collecting(script, root)
        program = spark_program(made, "parity", settle=settle)
        file = root / "program.py"
        file.write_text(program.text, encoding="utf-8")
        outcome = self.run(file)
        if "error" in outcome:
            raise spark_failed(outcome["error"], "parity")
        return [_result(insert.sink) for insert in made.inserts]

    def run(self, program: Path) -> Mapping[str, Mapping[str, object]]:
        """Run a program; return what the driver says of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{program}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise ComponentError("spark has ended", code="runner.spark-failed")
        outcome: Mapping[str, Mapping[str, object]] = json.loads(answer)
        return outcome

    def close(self) -> None:
        """End Spark."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(60)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()


def collecting(script: Script, root: Path = Path()) -> Script:
    """The script with each SELECT as an INSERT into Parquet files."""
    inserts = tuple(
        Insert(
            select.query,
            _files(f"result_{index}", select.schema, root),
            select.where,
            collects=True,
        )
        for index, select in enumerate(script.selects)
    )
    return replace(script, selects=(), inserts=inserts)


def _files(name: str, schema: Schema, root: Path) -> TableDescriptor:
    options = {"connector": "filesystem", "path": str(root / name), "format": "parquet"}
    return TableDescriptor(name, schema, options)


def _result(table: TableDescriptor) -> QueryResult:
    columns = table.schema.columns
    schema = table.schema.arrow()
    tables = [pq.read_table(f) for f in sorted(Path(table.options["path"]).glob("*.parquet"))]
    batches = [
        Batch(batch)
        for found in tables
        for batch in found.rename_columns(schema.names).cast(schema).to_batches()
    ]
    types = tuple(column.type for column in columns)
    return QueryResult(table.schema.names, types, changes_of(batches, table.schema))
