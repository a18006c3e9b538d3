"""What the native crate decoded, put together with what it handed back to the Python decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from tidemill.interfaces.format import Change, Decoded
from tidemill.interfaces.native_types import FieldSpec, field_spec
from tidemill.model import Schema


def specs(schema: Schema, needed: frozenset[str] | None, timestamps: str) -> list[FieldSpec] | None:
    """The columns that are needed, as the crate is told of them; None where it has no such type."""
    wanted = [c for c in schema.columns if needed is None or c.name in needed]
    found = [field_spec(column.name, column.type, timestamps) for column in wanted]
    known = [spec for spec in found if spec is not None]
    return known if len(known) == len(wanted) else None


def merged(sure: Decoded, rest: Decoded, places: Sequence[int]) -> Decoded:
    """Both, in the order of their messages; message i of `rest` is message `places[i]`.

    `sure` has an origin; it counts no message of `rest`.
    """
    assert sure.origin is not None
    of = np.array(places, dtype=np.int32)
    inner = np.arange(len(of)) if rest.origin is None else rest.origin.to_numpy()
    origin = np.concatenate([sure.origin.to_numpy(), of[inner]])
    order = pa.array(np.argsort(origin, kind="stable"))
    rows = pa.concat_batches([sure.rows, rest.rows]).take(order)
    kinds = sure.kinds
    if kinds is not None and rest.kinds is not None:
        kinds = pa.concat_arrays([kinds, rest.kinds]).take(order)
    changes: list[Change | None] | None = None
    if sure.changes is not None:
        changes = list(sure.changes)
        for place, change in zip(places, rest.changes or (), strict=True):
            changes[place] = change
    return Decoded(
        rows=rows,
        kinds=kinds,
        origin=pa.array(origin[order.to_numpy()], pa.int32()),
        rejects=tuple(replace(reject, index=places[reject.index]) for reject in rest.rejects),
        skipped=sure.skipped + rest.skipped,
        changes=changes,
    )
