"""`blackhole`: takes everything, counts what it took, at once."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tidemill.connectors.blackhole.connector import CONNECTOR
from tidemill.errors import ProjectError
from tidemill.interfaces.connector import JobContext
from tidemill.model import Batch, Column, Schema, TableDescriptor
from tidemill.model import types as t

JOB = JobContext("job", {})
TABLE = TableDescriptor("hole", Schema((Column("a", t.INT),)), {"connector": "blackhole"})


def test_rows_are_counted_at_once_and_wait_for_no_epoch():
    batch = Batch(pa.record_batch({"a": pa.array([1, 2, 3], pa.int32())}), None)
    group = CONNECTOR.commit_group([TABLE], JOB)
    assert group.open() is None
    assert group.at_once
    writer = group.writer("hole")
    assert writer.write(batch) == []
    assert writer.rows_total == 3
    group.prepare(1)
    group.commit(1, {})
    group.close()
    assert writer.rows_total == 3


def test_every_change_is_taken_and_unknown_options_are_not():
    assert CONNECTOR.sink_changelog(TABLE, JOB).updates
    with pytest.raises(ProjectError):
        CONNECTOR.sink_changelog(TableDescriptor("x", TABLE.schema, {"speed": "9"}), JOB)
