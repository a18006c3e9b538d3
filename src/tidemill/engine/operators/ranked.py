"""Rows in their order within partitions: DuckDB sorts what orders them, the rows follow.

Sorting in DuckDB copies each column of a row more than once, long texts too; so it is given the
partition's columns and the sort keys alone, and says which rows come in which order.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tidemill.engine.kernel import Kernel
from tidemill.plan.operators.rank import RankStage
from tidemill.plan.physical import ROW
from tidemill.plan.ranks import GROUP


def ranked_batch(kernel: Kernel, stage: RankStage, rows: pa.Table) -> pa.Table:
    """A batch's rows that can be among the first, by partition, with `h` and `n` behind."""
    relation = f"{stage.id}_batch"
    if stage.retracts:
        return kernel.run(stage.batch, relation, rows)
    return _in_order(kernel, stage.batch, relation, rows, [*stage.partition, *stage.sorted_by])


def ranked_rows(kernel: Kernel, stage: RankStage, rows: pa.Table) -> pa.Table:
    """The first rows of each partition `s`, in order, `n` behind; over a changelog all."""
    relation = f"{stage.id}_rows"
    if stage.retracts:
        return kernel.run(stage.top, relation, rows)
    return _in_order(kernel, stage.top, relation, rows, [GROUP, *stage.sorted_by])


def _in_order(
    kernel: Kernel, query: str, relation: str, rows: pa.Table, sorted_by: list[str]
) -> pa.Table:
    """The rows that the query names, in its order, with what else it says of each."""
    numbers = pa.array(np.arange(rows.num_rows))
    made = kernel.run(query, relation, rows.select(sorted_by).append_column(ROW, numbers))
    taken = rows.combine_chunks().take(made.column(ROW))
    for name in made.column_names:
        if name != ROW and name not in taken.column_names:
            taken = taken.append_column(name, made.column(name))
    return taken
