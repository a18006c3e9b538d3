"""Use case `lake query`: SQL over the files of the lake, by DuckDB, without writing anything.

Iceberg and Delta tables are named as the pipelines name them. Parquet, CSV and JSON are named by
their address, `SELECT ... FROM 's3://lake/raw/*.parquet'` (or by `read_csv` and its like), and by
the views of lake.yaml. DuckDB reads them through our own client (its own one would have to be
fetched), by ranges: columns and row groups that a query does not need are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import exp

from tidemill.control.lake.tables import LakeTables
from tidemill.control.object_stores import store_options
from tidemill.control.project_context import open_project, resolver
from tidemill.errors import TidemillError, UserError
from tidemill.project import Project
from tidemill.project.lake import LAKE_FILE, read_lake
from tidemill.records import dataclass
from tidemill.stores import ObjectStore, StoreUrl, open_store
from tidemill.stores.filesystem import StoreFileSystem

OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
"""DuckDB's settings: it fetches nothing."""
_NO_FILES = "No files found that match"
_READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


@dataclass(frozen=True, slots=True)
class LakeRows:
    """The rows of a query."""

    table: pa.Table

    def as_dicts(self) -> list[dict[str, object]]:
        """For `--json`."""
        rows: list[dict[str, object]] = self.table.to_pylist()
        return rows


def query_lake(sql: str, folder: Path | None = None) -> LakeRows:
    """Run one statement that only reads; raises UserError for any other, and for a wrong one."""
    project = open_project(folder, needed=False)
    with lake_connection(project, sql=sql) as connection, _errors("the query"):
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type not in _READING:
            raise UserError(
                "a query of the lake is one SELECT",
                code="control.bad-query",
                hint="Objects are written by `tidemill lake put`, and by pipelines.",
            )
        return LakeRows(connection.sql(statements[0].query).to_arrow_table())


@contextmanager
def lake_connection(
    project: Project, store_of: Callable[[str], ObjectStore] | None = None, *, sql: str = ""
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that reads `s3://` by the project's connections and knows lake.yaml's views.

    Iceberg and Delta tables that the views or `sql` name are there under the names that the
    pipelines give them.
    """
    connection = duckdb.connect(config=OFFLINE)
    try:
        with ExitStack() as opened_tables, reading_stores(connection, project, store_of):
            missing = _register_tables(connection, project, sql, opened_tables)
            empty = _make_views(connection, project, missing)
            try:
                yield connection
            except (duckdb.CatalogException, UserError) as error:
                # A table that does not exist may be such a view, or not be there yet.
                said = str(error.__cause__ if isinstance(error, UserError) else error)
                reason = _named(empty, said)
                if reason is not None:
                    raise reason from error
                raise
    finally:
        connection.close()


@contextmanager
def reading_stores(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    store_of: Callable[[str], ObjectStore] | None = None,
) -> Iterator[None]:
    """Let a DuckDB read `s3://` by the project's connections; a store's failure is raised."""
    resolve = resolver(project)

    def opened(bucket: str) -> ObjectStore:
        url = StoreUrl("s3", bucket, "")
        return open_store(url, store_options(resolve, url))

    files = StoreFileSystem(store_of or opened)
    try:
        connection.register_filesystem(files)
        yield
    except (duckdb.Error, UserError) as error:
        # DuckDB passes on the text of a file system's error only.
        if files.failure is not None:
            raise files.failure from error
        raise
    finally:
        files.close()


def _register_tables(
    connection: duckdb.DuckDBPyConnection, project: Project, sql: str, opened_tables: ExitStack
) -> dict[str, TidemillError]:
    """Register the tables that are named; those that are not there yet are left out, with why."""
    lake, _ = read_lake(project.root)
    tables = LakeTables(project)
    missing: dict[str, TidemillError] = {}
    for name in tables.mentioned(sql, *lake.views.values()):
        try:
            table = tables.table(name)
            if table.options["connector"] == "iceberg":
                from tidemill.connectors.iceberg.rows import table_rows  # noqa: PLC0415 - an extra
            else:
                from tidemill.connectors.delta.rows import table_rows  # noqa: PLC0415
            connection.register(name, opened_tables.enter_context(table_rows(table)))
        except TidemillError as error:
            missing[name] = error
    return missing


def _named(missing: Mapping[str, TidemillError], said: str) -> TidemillError | None:
    """Why a table is not there that DuckDB does not find."""
    names = (name for name in missing if f"Table with name {name} does not exist" in said)
    return next((missing[name] for name in names), None)


def _make_views(
    connection: duckdb.DuckDBPyConnection, project: Project, missing: Mapping[str, TidemillError]
) -> dict[str, TidemillError]:
    """Make the views; those over what is not there yet are left out, with the reason."""
    empty: dict[str, TidemillError] = dict(missing)
    lake, yaml = read_lake(project.root)
    for name, sql in lake.views.items():
        with _errors(f"the view `{name}` of {LAKE_FILE}"):
            try:
                statements = connection.extract_statements(sql)
                if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                    raise duckdb.ParserException("a view is one SELECT")
                quoted = exp.to_identifier(name, quoted=True).sql("duckdb")
                # The name is quoted; DuckDB itself found one SELECT in the text, and nothing else.
                connection.execute(f"CREATE VIEW {quoted} AS {statements[0].query}")
            except duckdb.Error as error:
                reason = UserError(
                    f"the view `{name}` cannot be made: {_first_line(error)}",
                    code="control.bad-query",
                    where=yaml.where(("views", name)) if yaml else None,
                )
                no_files = isinstance(error, duckdb.IOException) and _NO_FILES in str(error)
                no_table = _named(empty, str(error))
                if not no_files and no_table is None:
                    raise reason from error
                empty[name] = no_table or reason
    return empty


@contextmanager
def _errors(what: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise UserError(
            f"{what} failed: {_first_line(error)}",
            code="control.bad-query",
            detail=_rest(error),
        ) from error


def _rest(error: Exception) -> str | None:
    lines = str(error).strip().splitlines()
    is_traceback = bool(lines) and lines[0].startswith("Traceback")
    return None if is_traceback else "\n".join(lines[1:]).strip() or None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]
