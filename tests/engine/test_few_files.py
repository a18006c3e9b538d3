"""A process that may open no more files says so, and takes no good checkpoint for a damaged one."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tidemill.engine.checkpoint import Checkpoint, CheckpointStore
from tidemill.errors import EngineError


@contextmanager
def no_more_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)  # the next number to be given out
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    "ask",
    [CheckpointStore.epochs, CheckpointStore.applied, lambda s: s.read(1),
     lambda s: s.write(Checkpoint(2, {}))],
)  # fmt: skip
def test_it_is_refused_by_name(tmp_path: Path, ask: Callable[[CheckpointStore], object]) -> None:
    store = CheckpointStore(tmp_path)
    store.write(Checkpoint(1, {}))
    store.mark_applied(1)
    with no_more_files(), pytest.raises(EngineError) as refused:
        ask(store)
    assert refused.value.code == "engine.checkpoint-io" and "ulimit -n" in refused.value.render()
    assert store.epochs() == [1] and store.read(1).epoch == 1 and store.applied() == 1
