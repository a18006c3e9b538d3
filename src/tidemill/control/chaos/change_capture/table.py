"""The captured table, the sinks' tables, and the tally that Postgres itself keeps of the changes.

A trigger counts each change by key, in the same transaction. So also where nobody can say whether
a commit got through, Postgres knows how many changes of each key there must be in the topic.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from tidemill.control.chaos.change_capture.text import copied_table, items_table, sums_table

_ROW = sql.SQL(
    "id bigint PRIMARY KEY, grp int NOT NULL, version bigint NOT NULL, amount numeric(12, 2), "
    "note varchar(40), body text"
)
_TALLY = """
CREATE FUNCTION {counted}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.id <> OLD.id) THEN
    INSERT INTO {tally} VALUES (NEW.id, 1, 0, 0)
      ON CONFLICT (id) DO UPDATE SET made = {tally}.made + 1;
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NEW.id <> OLD.id) THEN
    INSERT INTO {tally} VALUES (OLD.id, 0, 0, 1)
      ON CONFLICT (id) DO UPDATE SET gone = {tally}.gone + 1;
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.id = OLD.id THEN
    INSERT INTO {tally} VALUES (NEW.id, 0, 1, 0)
      ON CONFLICT (id) DO UPDATE SET changed = {tally}.changed + 1;
  END IF;
  RETURN NULL;
END $$
"""
Tally = dict[int, tuple[int, int, int]]
"""By key, how often a row was made, changed, and deleted; a changed key is a row less and more."""


def make_tables(connection: psycopg.Connection[Any], name: str) -> None:
    """Make all tables of one trial."""
    names = {
        "items": sql.Identifier(items_table(name)),
        "tally": sql.Identifier(f"{name}_tally"),
        "counted": sql.Identifier(f"{name}_counted"),
        "one_by_one": sql.Identifier(f"{name}_one_by_one"),
        "copied": sql.Identifier(copied_table(name)),
        "sums": sql.Identifier(sums_table(name)),
        "row": _ROW,
    }
    for text in (
        "CREATE TABLE {items} ({row})",
        "CREATE TABLE {copied} ({row})",
        "ALTER TABLE {copied} ALTER note TYPE text",
        "ALTER TABLE {items} REPLICA IDENTITY FULL",
        # Large values lie outside of the row, and are not in the log where they did not change.
        "ALTER TABLE {items} ALTER body SET STORAGE EXTERNAL",
        "CREATE TABLE {sums} (grp int PRIMARY KEY, items bigint, versions bigint, "
        "amount numeric(38, 2), characters bigint)",
        "CREATE TABLE {tally} (id bigint PRIMARY KEY, made int NOT NULL, changed int NOT NULL, "
        "gone int NOT NULL)",
        _TALLY,
        "CREATE TRIGGER counted AFTER INSERT OR UPDATE OR DELETE ON {items} FOR EACH ROW "
        "EXECUTE FUNCTION {counted}()",
        # As docs/guides/cdc.md has it, for rows that come by COPY.
        "CREATE FUNCTION {one_by_one}() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RETURN NEW; END $$",
        "CREATE TRIGGER one_by_one BEFORE INSERT ON {items} FOR EACH ROW "
        "EXECUTE FUNCTION {one_by_one}()",
    ):
        connection.execute(sql.SQL(text).format(**names))


def tally_of(connection: psycopg.Connection[Any], name: str) -> Tally:
    """The changes by key, as Postgres counted them."""
    query = sql.SQL("SELECT id, made, changed, gone FROM {}").format(
        sql.Identifier(f"{name}_tally")
    )
    return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query).fetchall()}


def empty_sinks(connection: psycopg.Connection[Any], name: str) -> None:
    """Take what rows left behind that were deleted while nobody captured."""
    connection.execute(
        sql.SQL("TRUNCATE {}, {}").format(
            sql.Identifier(copied_table(name)), sql.Identifier(sums_table(name))
        )
    )
