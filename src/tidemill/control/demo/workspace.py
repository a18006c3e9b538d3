"""What a demo works in: its folder, its servers, from the first step to the last."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from tidemill.control.demo.folder import copy_example, demo_folder, find_example, locked
from tidemill.control.demo.model import DemoRequest, Reporter
from tidemill.control.demo.steps import Steps
from tidemill.control.down import down
from tidemill.control.servers import start_project_servers
from tidemill.interfaces.service import Endpoint
from tidemill.project import load_project
from tidemill.services import running_endpoints


class DemoRun(Steps):
    """One run: what was asked for, and the folder it works in."""

    def __init__(self, request: DemoRequest, reporter: Reporter, folder: Path) -> None:
        super().__init__(reporter)
        self.request, self.reporter, self.folder = request, reporter, folder

    @property
    def state_dir(self) -> Path:
        """The folder's `.tidemill`."""
        return load_project(self.folder).state_dir

    def start_servers(self, servers: Sequence[str] = ()) -> None:
        """Start servers of the project, by default all that it names, and wait for them."""
        project = load_project(self.folder)
        tied = not self.request.keep
        start_project_servers(project, servers, self.reporter, tie_to_caller=tied)

    def endpoint(self, server: str) -> Endpoint:
        """A running server of the project."""
        return running_endpoints(self.state_dir)[server]


@contextlib.contextmanager
def demo_run(
    request: DemoRequest, reporter: Reporter, generated: Sequence[str] = ()
) -> Iterator[DemoRun]:
    """The copied and locked folder of a demo; its servers stop at the end, unless kept.

    Args:
        request: which example, and whether to begin afresh.
        reporter: told the steps.
        generated: folders and files of the copy that `fresh` throws away beside the state.
    """
    folder = demo_folder(request.base, request.example, None)
    copy_example(find_example(request.example), folder)
    run = DemoRun(request, reporter, folder)
    ended = False
    with locked(folder):
        if request.fresh:
            down(run.state_dir)
            for path in (run.state_dir, *(folder / name for name in generated)):
                shutil.rmtree(path, ignore_errors=True)
        try:
            yield run
            ended = True
        finally:
            # The supervisor ends with this process in any case; this waits for an orderly stop.
            if not (request.keep and ended):
                with run.step("stop", "all servers"):
                    down(run.state_dir)
