"""The replication slot and the publication of a table, and what must be true of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import LiteralString

import psycopg
from psycopg import pq, sql

from tidemill.connectors.jdbc.connection import Connection, connect, translated
from tidemill.connectors.jdbc.target import TargetTable
from tidemill.connectors.postgres_cdc.options import CdcOptions
from tidemill.connectors.postgres_cdc.refusals import AGAIN, lost, no_row_before
from tidemill.errors import ConnectorError, Where
from tidemill.model.lsn import lsn_of, lsn_text
from tidemill.records import dataclass

_SLOT = """
SELECT COALESCE(plugin, ''), COALESCE(database, ''), active_pid, COALESCE(wal_status, ''),
  confirmed_flush_lsn::text, COALESCE(to_jsonb(s) ->> 'invalidation_reason', '')
FROM pg_replication_slots s WHERE slot_name = %s
"""
_PUBLICATION = """
SELECT p.oid::text, p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate,
  COALESCE((SELECT r.oid::text FROM pg_publication_rel r
            WHERE r.prpubid = p.oid AND r.prrelid = to_regclass(%(table)s)), ''),
  (SELECT t.attnames::text[] FROM pg_publication_tables t
   WHERE t.pubname = p.pubname AND t.schemaname = %(schema)s AND t.tablename = %(name)s),
  (SELECT to_jsonb(t) ->> 'rowfilter' FROM pg_publication_tables t
   WHERE t.pubname = p.pubname AND t.schemaname = %(schema)s AND t.tablename = %(name)s),
  ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = to_regclass(%(table)s)
        AND a.attnum > 0 AND NOT a.attisdropped)
FROM pg_publication p WHERE p.pubname = %(publication)s
"""
_IDENTITIES = """
SELECT bool_and(c.relreplident = 'f'), bool_and(c.relreplident IN ('f', 'd')) FROM pg_class c
WHERE c.oid = to_regclass(%(table)s) AND c.relkind <> 'p'
   OR c.relkind <> 'p' AND c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass(%(table)s)))
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that can be read from."""

    active_pid: int | None
    confirmed_lsn: int


def check_server(connection: Connection, options: CdcOptions) -> None:
    """Raise where the server keeps no log that rows can be read from."""
    level = _one(connection, "SHOW wal_level")[0]
    if level != "logical":
        raise ConnectorError(
            f"{options.shown} has wal_level = {level}, and changes can be read with `logical` only",
            code="connector.slot-unusable",
            where=Where(server=options.shown, table=options.table.name),
            hint="ALTER SYSTEM SET wal_level = 'logical'; and restart Postgres.",
        )


def check_identity(connection: Connection, options: CdcOptions, target: TargetTable) -> None:
    """Raise where updates and deletes would come without the row before."""
    name = target.identifier.as_string(connection)
    whole, keyed = _one(connection, _IDENTITIES, {"table": name})
    keyed = keyed and set(options.table.primary_key) <= set(target.primary_key)
    if not whole and not (options.upsert and keyed):
        raise no_row_before(options, name)


def publication_of(connection: Connection, options: CdcOptions, target: TargetTable) -> str:
    """What names the publication and its entry for the table; made where it is missing."""
    found = _publication(connection, options, target)
    if found is None:
        name = sql.Identifier(options.publication)
        settings = "publish_via_partition_root = true"
        if connection.info.server_version >= 180000:
            settings += ", publish_generated_columns = stored"
        made = sql.SQL("CREATE PUBLICATION {} FOR TABLE {} WITH ({})")
        connection.execute(made.format(name, target.identifier, sql.SQL(settings)))
        found = _publication(connection, options, target)
    assert found is not None
    return found


def check_publication(
    connection: Connection, options: CdcOptions, target: TargetTable, known: str
) -> None:
    """Raise where the publication is another than the one that was read so far."""
    found = _publication(connection, options, target)
    if found != known:
        what = "was dropped" if found is None else "or its entry for the table was made again"
        raise ConnectorError(
            f"the publication `{options.publication}` {what}, so changes may be missing",
            code="connector.slot-lost",
            where=Where(server=options.shown, table=options.table.name),
            hint=AGAIN,
        )


def _publication(connection: Connection, options: CdcOptions, target: TargetTable) -> str | None:
    table = target.identifier.as_string(connection)
    asked = {
        "table": table, "schema": options.source.schema_name, "name": options.source.table_name,
        "publication": options.publication,
    }  # fmt: skip
    row = connection.execute(_PUBLICATION, asked).fetchone()
    if row is None:
        return None
    publication, complete, entry, columns, row_filter, there = row
    existing = there if isinstance(there, list) else []
    problem = None
    if not isinstance(columns, list):
        problem = f"does not hold {table}"
    elif not complete:
        problem = "leaves out inserts, updates, deletes or TRUNCATE"
    elif row_filter is not None:
        problem = f"leaves out rows of {table}"
    elif missing := set(options.table.schema.names).intersection(existing) - set(columns):
        # What the table itself lacks is a change of the table, and told as one.
        problem = f"leaves out the column `{min(missing)}` of {table}"
    if problem is not None:
        raise ConnectorError(
            f"the publication `{options.publication}` {problem}",
            code="connector.slot-unusable",
            where=Where(server=options.shown, table=options.table.name),
            hint="Mend it by ALTER PUBLICATION before the first start, or name another one in "
            "'debezium.publication.name'; one that does not exist is made.",
        )
    return f"{publication}.{entry}"


def find_slot(
    connection: Connection, options: CdcOptions, *, lost_too: bool = False
) -> Slot | None:
    """The slot; None where there is none; raises where it can be of no use."""
    row = connection.execute(_SLOT, (options.slot,)).fetchone()
    if row is None:
        return None
    plugin, database, pid, status, confirmed, reason = row
    if (plugin, database) != ("pgoutput", options.source.target.database):
        raise ConnectorError(
            f"the replication slot `{options.slot}` is another one: plugin `{plugin}`, database "
            f"`{database}`",
            code="connector.slot-unusable",
            where=Where(server=options.shown, table=options.table.name),
            hint="Name another slot in 'slot.name'; one that does not exist is made.",
        )
    if (status == "lost" or reason) and not lost_too:
        raise lost(options, "has lost the log it needs", f"wal_status {status} {reason}".strip())
    return Slot(pid if isinstance(pid, int) else None, lsn_of(confirmed or "0/0"))


def check_reaches(options: CdcOptions, slot: Slot | None, lsn: int) -> None:
    """Raise where the slot does not give all that comes behind a place in the log."""
    if slot is None:
        raise lost(options, "does not exist any more", "It was dropped.")
    if slot.confirmed_lsn > lsn:
        raise lost(
            options,
            "was made again or moved on by another reader",
            f"It begins at {lsn_text(slot.confirmed_lsn)}; this pipeline goes on at "
            f"{lsn_text(lsn)}, and the changes between are gone.",
        )


def drop_slot(options: CdcOptions) -> bool:
    """Drop the table's slot, so that the next start begins with its rows; False: there is none."""
    with (
        translated(options.shown, options.table.name),
        connect(options.login, "tidemill cdc") as connection,
    ):
        if find_slot(connection, options, lost_too=True) is None:
            return False
        connection.execute("SELECT pg_drop_replication_slot(%s)", (options.slot,))
    return True


def system_of(replication: Connection) -> str:
    """The identifier of the database cluster."""
    return simple(replication, sql.SQL("IDENTIFY_SYSTEM"))[0][0]


def make_slot(replication: Connection, options: CdcOptions, *, snapshot: bool) -> int:
    """Make the slot; the place in the log where it begins, of which the snapshot then is."""
    return _create(replication, options.slot, "LOGICAL", snapshot)


def make_snapshot(replication: Connection) -> int:
    """Begin a snapshot whose place in the log is known, by a slot that goes with the connection."""
    return _create(replication, f"tidemill_{secrets.token_hex(8)}", "TEMPORARY LOGICAL", True)


def _create(replication: Connection, name: str, kind: str, snapshot: bool) -> int:
    if snapshot:
        simple(replication, sql.SQL("BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ"))
    use = "USE_SNAPSHOT" if snapshot else "NOEXPORT_SNAPSHOT"
    command = sql.SQL("CREATE_REPLICATION_SLOT {} {} pgoutput {}").format(
        sql.Identifier(name), sql.SQL(kind), sql.SQL(use)
    )
    return lsn_of(simple(replication, command)[0][1])


def simple(connection: Connection, command: sql.Composable) -> list[list[str]]:
    """Run one command of the replication protocol, which takes no parameters."""
    result = connection.pgconn.exec_(command.as_bytes(connection))
    if result.status == pq.ExecStatus.FATAL_ERROR:
        raise psycopg.errors.error_from_result(result)
    return [
        [(result.get_value(row, column) or b"").decode() for column in range(result.nfields)]
        for row in range(result.ntuples)
    ]


def _one(
    connection: Connection, query: LiteralString, asked: Mapping[str, object] | None = None
) -> tuple[object, ...]:
    row = connection.execute(query, asked).fetchone()
    assert row is not None
    return row
