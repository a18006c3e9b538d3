"""The screen of `tidemill top`: problems, pipelines, servers; read anew every second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer, Static

from tidemill.cli.pipelines_view import COLUMNS, pipeline_cells
from tidemill.cli.servers_view import duration, megabytes
from tidemill.control.overview import Overview
from tidemill.control.stack_status import ServerView
from tidemill.errors import TidemillError

EVERY_S = 1.0
_SERVERS = ("server", "state", "pid", "memory", "up", "restarts")


class TopView(App[None]):
    """A live picture; `look` is asked in a thread of its own, so that keys are answered at once."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit", "Leave")]
    CSS = """
    Static { padding: 0 1; height: auto; }
    #problems { margin-bottom: 1; }
    DataTable { height: auto; max-height: 45%; margin-bottom: 1; }
    """

    def __init__(self, look: Callable[[], Overview]) -> None:
        super().__init__()
        self._look = look

    def compose(self) -> ComposeResult:
        """The parts of the screen."""
        yield Static("", id="title", markup=False)
        yield Static("", id="problems", markup=False)
        yield DataTable(id="pipelines", cursor_type="none", zebra_stripes=True)
        yield DataTable(id="servers", cursor_type="none", zebra_stripes=True)
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        self.query_one("#pipelines", DataTable).add_columns(*COLUMNS)
        self.query_one("#servers", DataTable).add_columns(*_SERVERS)
        self._ask()
        self.set_interval(EVERY_S, self._ask)

    def _ask(self) -> None:
        self.run_worker(self._read, thread=True, exclusive=True)

    def _read(self) -> None:
        try:
            now = self._look()
        except TidemillError as error:
            self.call_from_thread(self._say, error.render())
            return
        self.call_from_thread(self.show, now)

    def _say(self, text: str) -> None:
        self.query_one("#problems", Static).update(text)

    def show(self, now: Overview) -> None:
        """Show this moment."""
        memory = sum(server.memory_bytes or 0 for server in now.stack.servers)
        running = sum(state.runs for state in now.pipelines)
        self.query_one("#title", Static).update(
            f"{now.project}: {running} of {len(now.pipelines)} pipelines run, "
            f"{len(now.stack.servers)} servers, {megabytes(memory)}"
        )
        lines = [f"{p.severity}: {p.name}: {p.message}. {p.todo}" for p in now.problems]
        self._say("\n".join(lines) or "Nothing is wrong.")
        _fill(self.query_one("#pipelines", DataTable), map(pipeline_cells, now.pipelines))
        _fill(self.query_one("#servers", DataTable), map(_server, now.stack.servers))


def _fill(table: DataTable[str], rows: Iterable[Sequence[object]]) -> None:
    table.clear()
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))


def _server(server: ServerView) -> tuple[object, ...]:
    return (
        server.name,
        server.state,
        server.pid,
        None if server.memory_bytes is None else megabytes(server.memory_bytes),
        None if server.uptime_s is None else duration(server.uptime_s),
        server.restarts,
    )
