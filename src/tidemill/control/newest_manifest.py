"""What the newest checkpoint of a pipeline says, read beside an engine that may run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidemill.engine.checkpoint import CheckpointStore, DamagedError
from tidemill.errors import EngineError, Where

_TRIES = 5


def newest_manifest(store: CheckpointStore) -> Mapping[str, Any] | None:
    """The newest checkpoint's manifest; a running pipeline may take files away meanwhile."""
    reason: DamagedError | None = None
    for _ in range(_TRIES):
        epochs = store.epochs()
        if not epochs:
            return None
        try:
            return store.manifest(epochs[-1])
        except DamagedError as error:
            reason = error
    raise EngineError(
        f"the last checkpoint cannot be read: {reason}",
        code="engine.checkpoint-damaged",
        where=Where(file=str(store.folder)),
    )
