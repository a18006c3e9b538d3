"""The screen of `tidemill top`, driven without a terminal."""

import asyncio
import time

from textual.widgets import DataTable, Static

from tidemill.cli.top_view import TopView
from tidemill.control.overview import overview
from tidemill.control.project_context import open_project
from tidemill.control.run import run


def test_top_shows_problems_and_pipelines(tmp_path):
    (tmp_path / "tidemill.yaml").write_text("name: shop\npipelines: [a.sql]\n")
    (tmp_path / "a.sql").write_text(
        "CREATE TABLE t (x INT) WITH ('connector' = 'datagen', 'number-of-rows' = '7');\n"
        "CREATE TABLE u (x INT) WITH ('connector' = 'blackhole');\nINSERT INTO u SELECT x FROM t;\n"
    )
    run("a", tmp_path)

    async def look() -> None:
        view = TopView(lambda: overview(open_project(tmp_path)))
        async with view.run_test() as pilot:
            table = view.query_one("#pipelines", DataTable)
            limit = time.monotonic() + 30
            while not table.row_count and time.monotonic() < limit:
                await pilot.pause(0.05)
            assert table.get_row_at(0)[:2] == ["a", "finished"] and "7" in table.get_row_at(0)
            assert "Nothing is wrong" in str(view.query_one("#problems", Static).content)
            await pilot.press("q")

    asyncio.run(look())


def test_top_needs_a_terminal(tidemill):
    done = tidemill("top")
    assert done.returncode == 2 and "cli.no-terminal" in done.stderr
