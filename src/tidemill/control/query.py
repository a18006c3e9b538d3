"""Use case: ask in SQL over topics and files, read-only and within limits.

DuckDB gets the tables that a query names as data of its own, and nothing else: no file, no network,
no setting can be reached from the text, and only one SELECT is taken. It is stopped after some
seconds and gives at most so many rows.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from tidemill.control.masks import Masks
from tidemill.control.query_tables import QueryTable, files_of, query_tables, topic_rows
from tidemill.control.topic_admin import topic_schemas
from tidemill.control.topics import Cluster
from tidemill.errors import UserError, did_you_mean
from tidemill.project import Project
from tidemill.records import dataclass

ROWS_MAX = 1000
SECONDS_MAX = 10.0
MEMORY_MB_MAX = 512
FILES_MAX = 2000
_READERS = {".parquet": "read_parquet", ".csv": "read_csv"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns with their types, and rows; `more` where rows were left out."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For the API; values that JSON does not have are texts."""
        return {
            "columns": [{"name": name, "type": type_} for name, type_ in self.columns],
            "rows": [[plain(value) for value in row] for row in self.rows],
            "more": self.more,
            "seconds": round(self.seconds, 3),
        }


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return str(value)


def query(project: Project, cluster: Cluster, text: str) -> Answer:
    """Answer one SELECT; raises UserError with what is wrong."""
    tree = _one_select(text)
    begun = time.monotonic()
    database = duckdb.connect(":memory:")
    try:
        database.execute(f"SET memory_limit = '{MEMORY_MB_MAX}MB'")
        database.execute("SET threads = 1")
        database.execute("SET max_temp_directory_size = '0B'")
        masks = Masks(tuple(project.settings.personal))
        _fill(database, tree, project, cluster, masks)
        database.execute("SET python_enable_replacements = false")
        database.execute("SET enable_external_access = false")
        database.execute("SET lock_configuration = true")
        return _ask(database, text, begun)
    except duckdb.Error as error:
        raise _bad(str(error).partition("\n")[0]) from None
    finally:
        database.close()


def _ask(database: duckdb.DuckDBPyConnection, text: str, begun: float) -> Answer:
    timer = threading.Timer(SECONDS_MAX, database.interrupt)
    timer.start()
    try:
        result = database.execute(text)
        columns = tuple((str(one[0]), str(one[1])) for one in result.description or ())
        rows = result.fetchmany(ROWS_MAX + 1)
    except duckdb.InterruptException:
        raise _bad(f"it took longer than {SECONDS_MAX:.0f} s") from None
    finally:
        timer.cancel()
    shown = tuple(map(tuple, rows[:ROWS_MAX]))
    return Answer(columns, shown, len(rows) > ROWS_MAX, time.monotonic() - begun)


def _one_select(text: str) -> exp.Query:
    try:
        trees = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    except sqlglot.errors.SqlglotError as error:
        raise _bad(str(error).partition("\n")[0]) from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise _bad("it is not one SELECT")
    return trees[0]


def _fill(
    database: duckdb.DuckDBPyConnection,
    tree: exp.Query,
    project: Project,
    cluster: Cluster,
    masks: Masks,
) -> None:
    known = {table.name: table for table in query_tables(project, cluster)}
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    for named in {table.name for table in tree.find_all(exp.Table) if table.name} - own:
        table = known.get(named)
        if table is None:
            raise _bad(
                f"there is no table `{named}`",
                did_you_mean(named, list(known)) or 'Write a topic with dots in quotes: "a.b".',
            )
        rows = (
            topic_rows(cluster, table.place, masks, topic_schemas(project, table.place))
            if table.kind == "topic"
            else masks.table(_file_rows(database, table))
        )
        database.register(named, rows)


def _file_rows(database: duckdb.DuckDBPyConnection, table: QueryTable) -> Any:
    files: Any = files_of(table)[:FILES_MAX]
    if not files:
        raise _bad(f"{table.name} has no files yet")
    suffix = next((suffix for suffix in _READERS if files[0].endswith(suffix)), None)
    if suffix == ".parquet":
        return database.read_parquet(files).to_arrow_table()
    if suffix == ".csv":
        return database.read_csv(files).to_arrow_table()
    return database.read_json(files, format="newline_delimited").to_arrow_table()


def _bad(reason: str, hint: str | None = None) -> UserError:
    return UserError(f"the query is refused: {reason}", code="console.bad-query", hint=hint)
