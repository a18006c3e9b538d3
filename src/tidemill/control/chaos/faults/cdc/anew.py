"""What a person does where the changes are not all there: refusal, then a new snapshot."""

from __future__ import annotations

import time

from tidemill.control.cdc.resnapshot import resnapshot
from tidemill.control.chaos.scene import Scene

_WITHIN_S = 120.0
_POLL_S = 0.1


def engine_refuses(scene: Scene, what: str, code: str) -> None:
    """Wait until the engine has ended by itself over `what`, with this code."""
    limit = time.monotonic() + _WITHIN_S
    while time.monotonic() < limit:
        scene.servers.tend()
        scene.captured.tend()
        if scene.engine.wait_gone(_POLL_S):
            if (said := scene.engine.last_code()) == code:
                scene.refused(what, code)
                return
            # A fault that was injected beside this one may have ended it first.
            scene.notes.append(f"first it ended with {said}")
            scene.engine.tend()
    scene.wrong.append(f"the engine went on over {what}")


def begin_anew(scene: Scene) -> None:
    """`tidemill cdc resnapshot`, the sinks emptied, and the engine started again."""
    capture = scene.captured
    scene.engine.kill()
    capture.left_alone = True
    try:
        capture.insist(capture.stop)
        scene.servers.wait_ready()
        scene.check.read_input()
        capture.insist(lambda: resnapshot(scene.pipeline, scene.folder))
        capture.insist(capture.empty_sinks)
    finally:
        capture.left_alone = False
    capture.began_anew += 1
    scene.engine.start()
    if not capture.snapshot_through(scene.tend):
        scene.wrong.append("no change came after the new snapshot")
