"""Makes the scene of a trial: of a built-in pipeline, or of one of the project."""

from __future__ import annotations

from pathlib import Path

from tidemill.control.chaos.change_capture.stage import capture_scene
from tidemill.control.chaos.engine_process import EngineProcess
from tidemill.control.chaos.fault import CDC, WINDOWS
from tidemill.control.chaos.model import ChaosRequest
from tidemill.control.chaos.project_pipeline.check import ProjectCheck
from tidemill.control.chaos.project_pipeline.feed import ProjectFeed
from tidemill.control.chaos.project_pipeline.workspace import make_workspace
from tidemill.control.chaos.reference.check import ReferenceCheck
from tidemill.control.chaos.reference.feed import ReferenceFeed
from tidemill.control.chaos.reference.text import (
    copy_topic,
    events_topic,
    windows_table,
    write_project,
)
from tidemill.control.chaos.scene import Scene
from tidemill.control.chaos.servers import ChaosServers
from tidemill.project import Project


def make_scene(
    request: ChaosRequest, project: Project, folder: Path, name: str, servers: ChaosServers
) -> Scene:
    """A scene in a new folder; nothing of it runs yet."""
    if request.pipeline is None:
        make = {WINDOWS: _reference, CDC: capture_scene}[request.kind]
        return make(request, folder, name, servers)
    space = make_workspace(project, request.pipeline, folder, servers)
    engine = EngineProcess(folder, space.name, request.engine)
    feed = ProjectFeed(list(space.sources.values()), request.seed, request.rate)
    check = ProjectCheck(servers, space, engine)
    return Scene(folder, space.name, space.topics, servers, engine, feed, check)


def _reference(request: ChaosRequest, folder: Path, name: str, servers: ChaosServers) -> Scene:
    write_project(folder, name, servers)
    engine = EngineProcess(folder, name, request.engine)
    feed = ReferenceFeed(servers, name, request.seed, request.rate)
    check = ReferenceCheck(servers, name, feed, engine)
    topics = (events_topic(name), copy_topic(name))
    table = windows_table(name)
    return Scene(folder, name, topics, servers, engine, feed, check, sink_table=table)
