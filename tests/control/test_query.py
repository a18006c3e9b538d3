"""Questions in SQL: over files, within limits, and with no way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidemill.control import query as module
from tidemill.control.project_context import open_project
from tidemill.control.query import query
from tidemill.control.run import run
from tidemill.control.topics import Cluster
from tidemill.errors import UserError


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("shop")
    (made / "tidemill.yaml").write_text("name: shop\npipelines: [numbers.sql]\n")
    (made / "numbers.sql").write_text(
        "CREATE TABLE made (n BIGINT) WITH ('connector' = 'datagen', 'fields.n.kind' = 'sequence',"
        " 'fields.n.start' = '1', 'fields.n.end' = '10');\n"
        "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out',"
        " 'format' = 'json');\nINSERT INTO numbers SELECT n FROM made;\n"
    )
    run("numbers", made)
    (made / "secret.csv").write_text("a\n1\n")
    return made


def ask(folder: Path, text: str) -> module.Answer:
    return query(open_project(folder), Cluster(folder), text)


def test_files_that_a_pipeline_wrote_are_tables(folder):
    answer = ask(folder, "WITH t AS (SELECT n FROM numbers WHERE n > 7) SELECT sum(n) s FROM t")
    assert (answer.rows, answer.columns[0][0], answer.more) == (((27,),), "s", False)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('{folder}/secret.csv')",
        "SELECT * FROM '{folder}/secret.csv'",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT content FROM read_text('{folder}/tidemill.yaml')",
        "COPY (SELECT 1) TO '{folder}/written.csv'",
        "ATTACH '{folder}/x.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "SELECT 1; SELECT 2",
        "DROP TABLE numbers",
        "SELECT * FROM nothing",
        "SELECT * FROM folder",
        "SELECT",
        "",
        "SELECT getenv('HOME')",
    ],
)
def test_what_reaches_beyond_the_tables_is_refused(folder, text):
    with pytest.raises(UserError) as refused:
        ask(folder, text.format(folder=folder))
    assert refused.value.code == "console.bad-query"
    assert not (folder / "written.csv").exists()


def test_an_answer_is_bounded_in_rows_and_time(folder, monkeypatch):
    answer = ask(folder, "SELECT a.n FROM numbers a, numbers b, numbers c, numbers d")
    assert (len(answer.rows), answer.more) == (module.ROWS_MAX, True)
    monkeypatch.setattr(module, "SECONDS_MAX", 0.3)
    with pytest.raises(UserError, match="longer than"):
        ask(
            folder,
            "SELECT count(*) FROM range(100000000) a, range(1000) b "
            "WHERE (a.range * b.range) % 7 = 3",
        )
