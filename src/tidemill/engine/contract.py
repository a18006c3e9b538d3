"""What a sink demands of rows: no NULL in a NOT NULL column, and its expectations."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import Mask
from tidemill.engine.checks import Unmet
from tidemill.engine.intake import render
from tidemill.model import DeadLetter
from tidemill.plan.physical import OutputStage


def forbidden_nulls(stage: OutputStage, table: pa.Table) -> Mask | None:
    """The rows with a NULL that the sink does not take; None where there is none."""
    columns = [
        i
        for i, field in enumerate(stage.schema)
        if not field.nullable and table.column(i).null_count
    ]
    if not columns or stage.sink is None:
        return None
    mask: Mask = np.zeros(table.num_rows, dtype=np.bool_)
    for i in columns:
        mask |= table.column(i).is_null().to_numpy()
    return mask


def null_letters(stage: OutputStage, table: pa.Table, mask: Mask) -> list[DeadLetter]:
    """Those rows as dead letters."""
    assert stage.sink is not None
    bad = table.rename_columns(stage.schema.names).filter(pa.array(mask)).to_pylist()
    return [
        DeadLetter(
            table=stage.sink.name,
            stage="contract",
            code="engine.null-in-not-null-column",
            message="NULL for the NOT NULL column `"
            + next(f.name for f in stage.schema if not f.nullable and row[f.name] is None)
            + "`",
            value=render(row),
        )
        for row in bad
    ]


def unmet_letters(stage: OutputStage, batch: pa.RecordBatch, found: Unmet) -> list[DeadLetter]:
    """The rows that a sink's expectations set aside, as dead letters."""
    assert stage.sink is not None
    rows = batch.take(pa.array([bad.index for bad in found.aside])).to_pylist()
    return [
        DeadLetter(stage.sink.name, "check", bad.code, bad.message, value=render(row))
        for bad, row in zip(found.aside, rows, strict=True)
    ]
