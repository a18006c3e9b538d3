"""Top-N and deduplication within windows: the first rows of each partition of open windows.

The state is a pile of rows, one for each window of a row, as `window_aggregate` keeps partials;
merging it drops the rows that cannot be among the first any more.

Guarantees: each window's rows come out once, when the watermark reaches its end less one
millisecond, in the order of window end, partition and number.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tidemill.engine.operators.window_aggregate import WindowAggregate
from tidemill.plan.ranks import SEQUENCE


class WindowRank(WindowAggregate):
    """The state of one rank; compute thread only."""

    def _placed(self, partials: pa.Table) -> pa.Table:
        """Each row gets its place in the order of arrival."""
        places = np.arange(self._arrived, self._arrived + partials.num_rows)
        self._arrived += partials.num_rows
        return partials.append_column(SEQUENCE, pa.array(places))
