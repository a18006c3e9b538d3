"""A filter over a changelog: a row that stops matching is a -D, one that starts to is a +I.

The -U and the +U of one change stand side by side in a batch. Where only one of the two passes the
filter, the other is gone for everybody behind it, so the kind must say so. The same holds where a
batch ends between the two: each then stands for itself.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tidemill.engine.batches import StageBatch
from tidemill.engine.isolate import BadRow, run_isolated
from tidemill.engine.kernel import Kernel
from tidemill.model import RowKind
from tidemill.plan.physical import KIND, ROW, FusedStage


def run_pairs(
    kernel: Kernel, edge: FusedStage, batch: StageBatch
) -> tuple[pa.Table, StageBatch, list[BadRow]]:
    """The rows that pass, with the right kinds; the batch without bad rows; the bad rows."""
    rows, kept, bad = run_isolated(kernel, edge.query, edge.probe, edge.input, batch, numbered=True)
    given = kept.table.column(KIND).to_numpy()
    index = rows.column(ROW).to_numpy()
    passed = np.zeros(len(given) + 2, np.bool_)  # one more on either side
    passed[index + 1] = True
    kinds = given[index]
    opens = np.zeros(len(given) + 1, np.bool_)  # rows that are the -U of a pair
    opens[:-2] = (given[:-1] == RowKind.UPDATE_BEFORE) & (given[1:] == RowKind.UPDATE_AFTER)
    ends = opens[index] & ~passed[index + 2]
    begins = (index > 0) & opens[index - 1] & ~passed[index]
    ends |= (index == len(given) - 1) & (kinds == RowKind.UPDATE_BEFORE)
    begins |= (index == 0) & (kinds == RowKind.UPDATE_AFTER)
    kinds = np.where(ends, RowKind.DELETE, np.where(begins, RowKind.INSERT, kinds))
    place = rows.column_names.index(KIND)
    rows = rows.set_column(place, KIND, pa.array(kinds.astype(np.int8)))
    return (rows if edge.numbered else rows.drop_columns([ROW])), kept, bad


def standing_alone(kinds: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """The kinds of a batch's rows where some are taken out: half a change stands for itself.

    So does one whose other half is in another batch, where nobody knows what becomes of it.
    """
    found = kinds.copy()
    opens = np.zeros(len(found), np.bool_)
    opens[:-1] = (found[:-1] == RowKind.UPDATE_BEFORE) & (found[1:] == RowKind.UPDATE_AFTER)
    first = np.flatnonzero(opens)
    found[first[~alive[first + 1]]] = RowKind.DELETE
    found[first[~alive[first]] + 1] = RowKind.INSERT
    if len(found) and found[0] == RowKind.UPDATE_AFTER:
        found[0] = RowKind.INSERT
    if len(found) and found[-1] == RowKind.UPDATE_BEFORE:
        found[-1] = RowKind.DELETE
    return found
