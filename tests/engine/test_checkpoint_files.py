"""Checkpoint files: what is read is what was written, whatever the sections' sizes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tidemill.engine.checkpoint import Checkpoint, CheckpointStore
from tidemill.errors import EngineError

ROWS = 600_000


def _sections() -> list[pa.Table]:
    """A large one in several chunks and with NULLs, a small one, one without rows."""
    numbers = pa.array(np.arange(ROWS), mask=np.arange(ROWS) % 7 == 0)
    texts = pa.array([f"text {number % 1000}" for number in range(ROWS)])
    large = pa.table({"n": numbers, "s": texts})
    large = pa.concat_tables([large.slice(0, 250_001), large.slice(250_001)])
    return [large, pa.table({"a": [1, 2]}), large.schema.empty_table()]


def test_sections_of_all_sizes_come_back_as_they_were(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    written = Checkpoint(3, {"job": "j"}, _sections())
    size = store.write(written)
    assert size == store.path(3).stat().st_size
    read = store.read(3)
    assert read.manifest["job"] == "j"
    assert len(read.sections) == len(written.sections)
    for section, given in zip(read.sections, written.sections, strict=True):
        assert section.equals(given)


def test_a_disk_that_is_full_within_a_large_section_is_told_and_leaves_no_checkpoint(
    tmp_path: Path,
) -> None:
    class Full(CheckpointStore):
        left = 6 << 20

        def _put(self, fd: int, chunk: memoryview) -> None:
            if len(chunk) > self.left:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.left -= len(chunk)
            super()._put(fd, chunk)

    store = Full(tmp_path)
    with pytest.raises(EngineError, match="No space left") as caught:
        store.write(Checkpoint(1, {}, _sections()))
    assert caught.value.code == "engine.checkpoint-io"
    assert store.epochs() == []
