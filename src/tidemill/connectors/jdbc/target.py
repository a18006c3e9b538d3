"""A table as it stands in Postgres, and whether it fits the table as it is declared."""

from __future__ import annotations

from psycopg import sql

from tidemill.connectors.jdbc.connection import Connection
from tidemill.connectors.jdbc.options import JdbcOptions
from tidemill.connectors.jdbc.types import PgType, check_supported, created_type, fits
from tidemill.errors import ConnectorError, Where, did_you_mean
from tidemill.model import Column, TableDescriptor
from tidemill.records import dataclass

_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), n.nspname, b.typname,
       b.typtype = 'e', e.typname,
       CASE WHEN b.typname IN ('varchar', 'bpchar') AND m.typmod >= 4 THEN m.typmod - 4 END,
       CASE WHEN b.typname = 'numeric' AND m.typmod >= 4 THEN ((m.typmod - 4) >> 16) & 65535 END,
       CASE WHEN b.typname = 'numeric' AND m.typmod >= 4
            THEN (((m.typmod - 4) & 2047) # 1024) - 1024 END,
       a.attnotnull OR t.typnotnull, a.atthasdef OR a.attidentity <> '',
       a.attgenerated <> '' OR a.attidentity = 'a'
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
JOIN pg_namespace n ON n.oid = b.typnamespace
LEFT JOIN pg_type e ON e.oid = b.typelem AND b.typcategory = 'A'
CROSS JOIN LATERAL (
  SELECT CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod) m
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_KEYS = """
SELECT i.indisprimary,
       array(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(num, pos)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
             WHERE k.pos <= i.indnkeyatts ORDER BY k.pos)
FROM pg_index i
WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
  AND i.indexprs IS NULL AND i.indimmediate
ORDER BY i.indisprimary DESC
"""


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """One column in Postgres."""

    name: str
    shown_type: str
    type: PgType
    not_null: bool
    has_default: bool
    read_only: bool

    def __str__(self) -> str:
        return f"{self.name} {self.shown_type}{' NOT NULL' if self.not_null else ''}"


@dataclass(frozen=True, slots=True)
class TargetTable:
    """A table, view or the like in Postgres."""

    identifier: sql.Identifier
    kind: str
    """pg_class.relkind: r table, p partitioned table, v view, m materialised view, f foreign."""
    columns: dict[str, TargetColumn]
    primary_key: tuple[str, ...]
    unique_keys: tuple[frozenset[str], ...]


def find_table(connection: Connection, options: JdbcOptions) -> TargetTable | None:
    """What Postgres knows about the table; None where there is none of this name."""
    parts = [p for p in (options.schema_name, options.table_name) if p is not None]
    name = sql.Identifier(*parts)
    row = connection.execute(
        "SELECT c.oid::int8, c.relkind::text FROM pg_class c WHERE c.oid = to_regclass(%s)",
        (name.as_string(connection),),
    ).fetchone()
    if row is None:
        return None
    columns = {}
    for c in connection.execute(_COLUMNS, (row[0],)).fetchall():
        type_ = PgType(str(c[2]), str(c[3]), bool(c[4]), *c[5:9])  # type: ignore[arg-type]
        columns[str(c[0])] = TargetColumn(
            str(c[0]), str(c[1]), type_, bool(c[9]), bool(c[10]), bool(c[11])
        )
    keys: list[tuple[bool, list[str]]] = connection.execute(_KEYS, (row[0],)).fetchall()  # type: ignore[assignment]
    primary = next((tuple(names) for is_primary, names in keys if is_primary), ())
    return TargetTable(
        name, str(row[1]), columns, primary, tuple(frozenset(names) for _, names in keys)
    )


def create_statement(table: TableDescriptor, options: JdbcOptions) -> sql.Composed:
    """The CREATE TABLE statement for the declared columns."""
    parts = [p for p in (options.schema_name, options.table_name) if p is not None]
    lines: list[sql.Composable] = [
        sql.SQL("{} {}{}").format(
            sql.Identifier(column.name),
            created_type(column.type),
            sql.SQL("" if column.type.nullable else " NOT NULL"),
        )
        for column in table.schema.columns
    ]
    if table.primary_key:
        names = sql.SQL(", ").join([sql.Identifier(name) for name in table.primary_key])
        lines.append(sql.SQL("PRIMARY KEY ({})").format(names))
    return sql.SQL("CREATE TABLE {} (\n  {}\n)").format(
        sql.Identifier(*parts), sql.SQL(",\n  ").join(lines)
    )


def missing_table(
    connection: Connection, table: TableDescriptor, options: JdbcOptions, *, writing: bool
) -> ConnectorError:
    """The error for a table that does not exist."""
    hint = "Mend the option 'table-name'; it is `table` or `schema.table`, in its exact case."
    if writing:
        statement = create_statement(table, options).as_string(connection)
        hint = f"Create it, or set 'sink.create-table' = 'true':\n{statement};"
    return ConnectorError(
        f"{options.target} has no table `{options.shown_table}`",
        code="connector.table-missing",
        where=Where(server=f"postgres {options.target}", table=table.name),
        hint=hint,
    )


def check_columns(
    table: TableDescriptor, target: TargetTable, options: JdbcOptions, *, writing: bool
) -> None:
    """Raise where a declared column is missing or of a type that does not fit."""
    for column in table.schema.columns:
        found = target.columns.get(column.name)
        if found is None:
            near = did_you_mean(column.name, target.columns)
            hint = near or "Leave the column out, or add it to the table in Postgres."
            raise mismatch(table, target, options, f"has no column `{column.name}`", hint)
        if not fits(column.type, found.type, writing=writing):
            problem = (
                f"has `{column.name}` as {found.shown_type}, which does not fit {column.type.sql()}"
            )
            raise mismatch(table, target, options, problem, _type_hint(column, found))
        if writing and found.read_only:
            problem = f"makes the values of `{column.name}` itself"
            raise mismatch(table, target, options, problem, "Leave this column out.")


def check_writable(table: TableDescriptor, target: TargetTable, options: JdbcOptions) -> None:
    """Raise where every row would be refused, or rows could not be matched by their key."""
    check_columns(table, target, options, writing=True)
    declared = set(table.schema.names)
    for found in target.columns.values():
        if found.not_null and not found.has_default and found.name not in declared:
            problem = f"needs a value for `{found.name}`, which is not declared"
            hint = f"Declare the column `{found.name}`, or give it a default in Postgres."
            raise mismatch(table, target, options, problem, hint)
    if table.primary_key and frozenset(table.primary_key) not in target.unique_keys:
        names = ", ".join(table.primary_key)
        problem = f"has no primary key or unique constraint on ({names})"
        statement = sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(
            target.identifier, sql.SQL(", ").join([sql.Identifier(n) for n in table.primary_key])
        )
        hint = f"Rows are matched by it: {statement.as_string(None)};"
        raise mismatch(table, target, options, problem, hint)


def _type_hint(column: Column, found: TargetColumn) -> str:
    if column.type.is_timestamp and found.type.name in ("timestamp", "timestamptz"):
        right = "TIMESTAMP(6)" if found.type.name == "timestamp" else "TIMESTAMP_LTZ(6)"
        return f"Declare `{column.name}` as {right}, or change the column in Postgres."
    return f"Declare `{column.name}` with a type that fits, or change the column in Postgres."


def mismatch(
    table: TableDescriptor,
    target: TargetTable,
    options: JdbcOptions,
    problem: str,
    hint: str | None,
) -> ConnectorError:
    """The error for a declared table and a real one that do not fit, with both."""
    declared = ", ".join(f"{c.name} {c.type}" for c in table.schema.columns)
    found = ", ".join(str(column) for column in target.columns.values())
    return ConnectorError(
        f"the Postgres table `{options.shown_table}` {problem}",
        code="connector.schema-mismatch",
        where=Where(server=f"postgres {options.target}", table=table.name),
        detail=f"Declared: {declared}. In Postgres: {found}.",
        hint=hint,
    )


def check_types(table: TableDescriptor) -> None:
    """Raise where a declared type cannot be carried at all."""
    for column in table.schema.columns:
        check_supported(column.type, column.name, table.name)
