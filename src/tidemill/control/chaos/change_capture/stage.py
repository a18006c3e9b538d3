"""The scene of a trial with change data capture: tables, connector, engine, feed and check."""

from __future__ import annotations

from pathlib import Path

from tidemill.control.chaos.change_capture.capture import Capture
from tidemill.control.chaos.change_capture.check import CaptureCheck
from tidemill.control.chaos.change_capture.feed import CaptureFeed
from tidemill.control.chaos.change_capture.table import make_tables
from tidemill.control.chaos.change_capture.text import copied_table, topic_of, write_project
from tidemill.control.chaos.engine_process import EngineProcess
from tidemill.control.chaos.model import ChaosRequest
from tidemill.control.chaos.scene import Scene
from tidemill.control.chaos.servers import ChaosServers

_FIRST_ROWS = 500


def capture_scene(request: ChaosRequest, folder: Path, name: str, servers: ChaosServers) -> Scene:
    """A scene in a new folder; its connector runs, and is to take a snapshot of the first rows."""
    servers.wait_ready()
    write_project(folder, name, servers)
    with servers.sql() as connection:
        make_tables(connection, name)
    engine = EngineProcess(folder, name, request.engine)
    feed = CaptureFeed(servers, name, request.seed, request.rate)
    feed.fill(_FIRST_ROWS)
    capture = Capture(servers, folder, name, feed)
    capture.register()
    check = CaptureCheck(servers, folder, name, capture, engine, request.recover_within_s)
    capture.snapshot_through(capture.tend)
    return Scene(
        folder, name, (topic_of(name),), servers, engine, feed, check,
        sink_table=copied_table(name), capture=capture,
    )  # fmt: skip
