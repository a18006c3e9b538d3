"""The native crate, an optional package: whoever can use it asks here whether it is there.

Whatever the crate does has a Python path with the same results; `TIDEMILL_NATIVE=0` turns the crate
off.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import pyarrow as pa

INTERFACE = 3
"""What is called of the crate, which says the same number."""


def library() -> Any:
    """The native package, or None where it is not installed, of another version, or turned off."""
    if os.environ.get("TIDEMILL_NATIVE") == "0":
        return None
    try:
        found = importlib.import_module("tidemill_native")
    except ImportError:
        return None
    return found if getattr(found, "INTERFACE", None) == INTERFACE else None


def widened(rows: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The rows with all columns of the schema; those that were not decoded are NULL."""
    found = dict(zip(rows.schema.names, rows.columns, strict=True))
    arrays = [
        _as(found[field.name], field.type)
        if field.name in found
        else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    if not arrays:
        return rows
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _as(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """The array with the names that Arrow gives the parts of its type here."""
    return array if array.type == kind else array.cast(kind)
