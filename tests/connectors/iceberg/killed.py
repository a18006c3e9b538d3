"""Writes one epoch to a table in a fork of this process, and kills that at a given moment.

Each line of the input is `[options, key, at]`; each line of the output the number of calls of the
library's functions that preparing and committing took, or null where the fork was killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from typing import Any

import pyarrow as pa

from tidemill.connectors.iceberg.sink import IcebergGroup
from tidemill.interfaces.connector import JobContext
from tidemill.model import Batch, Column, Schema, TableDescriptor
from tidemill.model.types import INT, STRING


def write(options: dict[str, str], key: tuple[str, ...], at: int) -> int:
    """The next epoch: rows 1, 2 and 3, the last with the epoch's number."""
    columns = (Column("a", INT.with_nullable("a" not in key)), Column("b", STRING))
    table = TableDescriptor("t", Schema(columns), options, key)
    group = IcebergGroup([table], JobContext("job", {}))
    number = (group.open() or 0) + 1
    calls = 0

    def counted(frame: Any, event: str, argument: object) -> None:
        nonlocal calls
        name = frame.f_code.co_filename
        if event == "call" and ("/pyiceberg/" in name or "/sqlalchemy/engine/" in name):
            calls += 1
            if calls == at:
                os.kill(os.getpid(), signal.SIGKILL)

    rows = pa.table({"a": pa.array([1, 2, 3], pa.int32()), "b": ["x", "y", str(number)]})
    group.writer("t").write(Batch(rows.to_batches()[0]))
    sys.setprofile(counted)
    group.prepare(number)
    group.commit(number, {})
    sys.setprofile(None)
    group.close()
    return calls


def main() -> None:
    """One fork for each line; all that is imported is imported before."""
    with tempfile.TemporaryDirectory() as folder:
        uri = f"jdbc:sqlite:{folder}/catalog.db"
        options = {"connector": "iceberg", "catalog-name": "c", "uri": uri, "warehouse": folder}
        for _ in range(2):
            write(options, ("a",), 0)
    for line in sys.stdin:
        options, key, at = json.loads(line)
        receiving, sending = os.pipe()
        child = os.fork()
        if child == 0:
            calls = write(options, tuple(key), at)
            os.write(sending, str(calls).encode())
            os._exit(0)
        os.close(sending)
        with os.fdopen(receiving) as answer:
            print(answer.read() or "null", flush=True)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
