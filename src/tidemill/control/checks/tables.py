"""What a suite looks at, as a relation of a DuckDB connection: files, or a table of Postgres.

Files are read where they lie, also in the lake. A table is read once, through its connector, into a
database file that is removed afterwards, so that its size is bounded by the disk alone.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from tidemill.control.lake.query import OFFLINE, reading_stores
from tidemill.control.project_context import server_property
from tidemill.control.sql_shell import ResultHead, SqlShell, Watcher
from tidemill.errors import ProjectError, Where
from tidemill.model import Batch
from tidemill.project import Project, ensure_state_dir
from tidemill.quality.model import Target
from tidemill.sql.syntax.normal import quoted, string

RELATION = "checked"
_READERS = {
    ".parquet": "read_parquet", ".csv": "read_csv", ".json": "read_json",
    ".jsonl": "read_json", ".ndjson": "read_json",
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@contextmanager
def opened_target(project: Project, target: Target) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection where the target is the relation `checked`.

    Raises ProjectError where it cannot be read, ComponentError where its server fails.
    """
    with tempfile.TemporaryDirectory(
        prefix="checked-", dir=ensure_state_dir(project.state_dir)
    ) as folder:
        connection = duckdb.connect(str(Path(folder) / "rows.duckdb"), config=OFFLINE)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            if target.file is None:
                _open_table(connection, project, target)
                yield connection
            elif target.file.startswith("s3://"):
                with reading_stores(connection, project):
                    _open_objects(connection, target.file, target)
                    yield connection
            else:
                _open_files(connection, project, target.file, target)
                yield connection
        finally:
            connection.close()


def _open_files(
    connection: duckdb.DuckDBPyConnection, project: Project, pattern: str, target: Target
) -> None:
    paths = _paths(project, pattern, target)
    _make_view(connection, [str(path) for path in paths], pattern, target)


def _open_objects(connection: duckdb.DuckDBPyConnection, pattern: str, target: Target) -> None:
    """Objects of the lake; those whose names begin with a dot or underscore are left out."""
    found = connection.sql("SELECT file FROM glob($pattern)", params={"pattern": pattern})
    names = [name for (name,) in found.fetchall() if Path(name).name[0] not in "._"]
    if not names:
        raise _unreadable(f"no object is at {pattern}", target)
    _make_view(connection, sorted(names), pattern, target)


def _make_view(
    connection: duckdb.DuckDBPyConnection, names: list[str], pattern: str, target: Target
) -> None:
    kinds = {_reader(Path(name)) for name in names}
    if len(kinds) != 1 or None in kinds:
        raise _unreadable(
            f"{pattern} is not one kind of file", target, f"Kinds are: {', '.join(_READERS)}."
        )
    reader = kinds.pop()
    try:
        # Types are told from all values, not from the first ones.
        every: dict[str, Any] = {} if reader == "read_parquet" else {"sample_size": -1}
        relation = getattr(connection, str(reader))(names, **every)
        relation.create_view(RELATION)
    except duckdb.Error as error:
        raise _unreadable(
            f"{pattern} cannot be read: {str(error).splitlines()[0]}", target
        ) from None


def _paths(project: Project, pattern: str, target: Target) -> list[Path]:
    if "://" in pattern:
        raise _unreadable(
            f"{pattern} is no path of this machine",
            target,
            "Give a path, such as data/*.parquet or s3://lake/raw/*.parquet.",
        )
    given = Path(pattern).expanduser()
    base = Path(given.anchor) if given.is_absolute() else project.root
    relative = str(given.relative_to(given.anchor)) if given.is_absolute() else str(given)
    wild = any(sign in relative for sign in "*?[")
    found = sorted(base.glob(relative)) if wild else [base / relative]
    found = [path for path in found if path.is_file() and not path.name.startswith((".", "_"))]
    if not found:
        raise _unreadable(f"no file is at {pattern}", target)
    empty = next((path for path in found if path.stat().st_size == 0), None)
    if empty is not None:
        raise _unreadable(f"{empty} has no bytes", target)
    return found


def _reader(path: Path) -> str | None:
    suffixes = [s for s in path.suffixes if s not in (".gz", ".zst")]
    return _READERS.get(suffixes[-1].lower()) if suffixes else None


def _open_table(connection: duckdb.DuckDBPyConnection, project: Project, target: Target) -> None:
    name = target.connection or ""
    if not _NAME.fullmatch(name):
        raise _unreadable(f"`{name}` is no name of a connection", target)
    base, _, database = server_property(project, f"{name}.jdbc-url").rpartition("/")
    catalog = ".".join(map(quoted, ("checked", database, _table_name(target.table or ""))))
    declared = (
        "CREATE CATALOG checked WITH ("
        f"'type' = 'jdbc', 'base-url' = {string(base)}, 'default-database' = {string(database)}, "
        f"'username' = '${{server:{name}.user}}', 'password' = '${{secret:{name}.password}}');\n"
    )

    def head(found: ResultHead) -> None:
        empty = found.schema.arrow().empty_table()
        connection.register("incoming", empty)
        connection.table("incoming").create(RELATION)
        connection.unregister("incoming")

    def rows(_: ResultHead, batch: Batch) -> None:
        connection.register("incoming", pa.Table.from_batches([batch.rows]))
        connection.table("incoming").insert_into(RELATION)
        connection.unregister("incoming")

    query = f"SELECT * FROM {catalog};"  # noqa: S608 - the name is quoted
    SqlShell(project).execute_script(declared + query, "checks", Watcher(head, rows))


def _table_name(table: str) -> str:
    """As the catalog names it: the schema `public` is left out."""
    schema, _, name = table.rpartition(".")
    return name if schema == "public" else table


def _unreadable(message: str, target: Target, hint: str | None = None) -> ProjectError:
    return ProjectError(
        message, code="quality.unreadable", where=target.where or Where(table=target.table),
        hint=hint,
    )  # fmt: skip
