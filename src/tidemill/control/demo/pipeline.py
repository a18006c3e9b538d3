"""A pipeline that runs beside the demo, in a thread of its own."""

from __future__ import annotations

import threading
from pathlib import Path

from tidemill.control.run import run
from tidemill.engine import Engine, Progress
from tidemill.errors import EngineError, TidemillError, Where


class PipelineThread:
    """Runs one pipeline of a project until it is stopped.

    Guarantees: `stop` returns when the last epoch is committed and everything is closed; an error
    is kept in `error`, never lost.
    """

    def __init__(self, folder: Path, pipeline: str) -> None:
        self._folder = folder
        self._pipeline = pipeline
        self._engine: Engine | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-pipeline", daemon=True)
        self.error: TidemillError | None = None

    def start(self) -> None:
        """Begin to run."""
        self._thread.start()

    def progress(self) -> Progress | None:
        """Where it stands; None before the engine is there."""
        return self._engine.progress() if self._engine is not None else None

    def stop(self) -> None:
        """Finish the batch in hand, commit, close, and wait for that; raises nothing."""
        self._stopping.set()
        if self._engine is not None:
            self._engine.stop()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            run(self._pipeline, self._folder, started=self._started)
        except TidemillError as error:
            self.error = error
        except Exception as error:
            self.error = EngineError(
                f"the pipeline ended by a fault: {type(error).__name__}: {error}",
                code="engine.internal",
                where=Where(pipeline=self._pipeline),
                hint=f"Please report it with {self._folder}/.tidemill/logs.",
            )

    def _started(self, engine: Engine) -> None:
        self._engine = engine
        if self._stopping.is_set():
            engine.stop()
