"""The captured table is emptied by TRUNCATE, which says nothing of the rows that it held."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from tidemill.control.chaos.fault import CDC, Fault, Given
from tidemill.control.chaos.faults.cdc.anew import begin_anew, engine_refuses
from tidemill.control.chaos.scene import Scene

REFUSED = "connector.truncated"


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    capture = scene.captured
    with capture.feed.held(), scene.servers.sql() as connection:
        connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(capture.table)))
        capture.feed.forget()
    yield
    engine_refuses(scene, "a TRUNCATE", REFUSED)
    begin_anew(scene)


FAULT = Fault(
    "truncate-table", "the captured table is emptied by TRUNCATE", _inject, hold_s=(0.0, 2.0),
    pipelines=(CDC,),
)  # fmt: skip
