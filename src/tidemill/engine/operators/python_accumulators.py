"""The accumulators and values of a group aggregate's functions in Python, beside its partials."""

from __future__ import annotations

import pyarrow as pa

from tidemill.engine.python.aggregate import GroupFolder, RowFailure
from tidemill.engine.state.hash_index import Ids
from tidemill.plan.operators.group_aggregate import GroupStage


class Accumulators:
    """What the functions in Python of one operator add to a batch's groups."""

    def __init__(self, stage: GroupStage) -> None:
        self._parts = [(part, GroupFolder(part.function, part.types)) for part in stage.python]
        self.hidden = {part.accumulator for part in stage.python}
        """Columns that only the functions read."""
        self.columns = self.hidden | {part.value for part in stage.python}
        """All columns of the functions."""
        self.lost: list[RowFailure] = []
        """Rows of the last batch that a function could not take."""

    def fields(self) -> dict[str, pa.Field]:
        """The stored columns."""
        found: dict[str, pa.Field] = {}
        for part, folder in self._parts:
            stored = folder.accumulator_type.arrow()
            found[part.accumulator] = pa.field(part.accumulator, stored)
            found[part.value] = pa.field(part.value, part.function.result_type.arrow())
        return found

    def beside(
        self, merged: pa.Table, partials: pa.Table, before: pa.Table, known: Ids
    ) -> pa.Table:
        """The merged partials of a batch's groups with new accumulators and values.

        `before` are the stored rows of the groups `known`.
        """
        self.lost = []
        for part, folder in self._parts:
            accumulators, values, lost = folder.update(
                before.column(part.accumulator), known.tolist(), partials.column(part.rows)
            )
            merged = merged.append_column(part.accumulator, accumulators)
            merged = merged.append_column(part.value, values)
            self.lost += lost
        return merged
