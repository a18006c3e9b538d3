"""The topic takes no message any more, so the connector's task fails; then it is restarted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tidemill.connectors.kafka.topic_facts import alter_settings
from tidemill.control.chaos.fault import CDC, Fault, Given
from tidemill.control.chaos.scene import Scene

_SMALL = "max.message.bytes"
_FAILS_WITHIN_S = 180.0
"""Its producer cuts batches into pieces before it gives up."""


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    capture, admin = scene.captured, scene.servers.admin
    capture.left_alone = True
    try:
        scene.captured.insist(lambda: alter_settings(admin, capture.topic, {_SMALL: "100"}))
        trace = capture.failed(_FAILS_WITHIN_S)
        if trace is None:
            scene.wrong.append("the connector went on although its topic takes nothing")
        elif "RecordTooLarge" not in trace:
            scene.notes.append(f"it failed otherwise: {trace.splitlines()[0]}")
        yield
    finally:
        scene.captured.insist(lambda: alter_settings(admin, capture.topic, {_SMALL: None}))
        capture.left_alone = False
    capture.insist(capture.restart)


FAULT = Fault(
    "fail-connector", "the connector fails, as its topic takes nothing, and is restarted", _inject,
    hold_s=(0.0, 3.0), pipelines=(CDC,),
)  # fmt: skip
