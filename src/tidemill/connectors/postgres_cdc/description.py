"""How a table is described at a place in the log, and what is different in another description."""

from __future__ import annotations

from typing import Literal

from tidemill.connectors.jdbc.connection import Connection
from tidemill.connectors.jdbc.target import TargetTable
from tidemill.connectors.postgres_cdc.options import CdcOptions
from tidemill.connectors.postgres_cdc.stream import Relation
from tidemill.records import dataclass

_PUBLISHED = """
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
JOIN pg_publication_tables t
  ON t.pubname = %(publication)s AND t.schemaname = %(schema)s AND t.tablename = %(name)s
WHERE a.attrelid = to_regclass(%(table)s) AND a.attnum > 0 AND NOT a.attisdropped
  AND a.attname = ANY (t.attnames) AND (a.attgenerated = '' OR %(generated)s)
ORDER BY a.attnum
"""
_TYPES = """
SELECT format_type(t.type, t.modifier)
FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY AS t(type, modifier, place) ORDER BY t.place
"""

Kind = Literal["added", "dropped", "renamed", "retyped", "key"]


@dataclass(frozen=True, slots=True)
class Description:
    """The columns that the log has, with Postgres's types, and the primary key."""

    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One change: the column as it was called (of an added one, as it is), and the sentence."""

    kind: Kind
    column: str
    sentence: str


def described(connection: Connection, options: CdcOptions, target: TargetTable) -> Description:
    """The table as the catalog has it now."""
    asked = {
        "publication": options.publication, "schema": options.source.schema_name,
        "name": options.source.table_name, "table": target.identifier.as_string(connection),
        "generated": connection.info.server_version >= 180000,
    }  # fmt: skip
    rows = connection.execute(_PUBLISHED, asked).fetchall()
    return Description(tuple((str(n), str(t)) for n, t in rows), target.primary_key)


def described_by(connection: Connection, relation: Relation, key: tuple[str, ...]) -> Description:
    """The table as the log describes it."""
    oids = [oid for _, oid in relation.columns]
    types = connection.execute(_TYPES, (oids, list(relation.modifiers))).fetchall()
    names = [name for name, _ in relation.columns]
    return Description(
        tuple((name, str(row[0])) for name, row in zip(names, types, strict=True)), key
    )


def differences(old: Description, new: Description) -> list[Difference]:
    """What changed, in the order of the columns, the key last."""
    before, after = dict(old.columns), dict(new.columns)
    renamed = _renamed(old, new)
    found = []
    for name, type_ in old.columns:
        if name in renamed:
            text = f"the column `{name}` is called `{renamed[name]}` now"
            found.append(Difference("renamed", name, text))
        elif name not in after:
            found.append(Difference("dropped", name, f"the column `{name}` {type_} was dropped"))
        elif after[name] != type_:
            text = f"the column `{name}` went from {type_} to {after[name]}"
            found.append(Difference("retyped", name, text))
    for name, type_ in new.columns:
        if name not in before and name not in renamed.values():
            found.append(Difference("added", name, f"the column `{name}` {type_} was added"))
    if [renamed.get(name, name) for name in old.key] != list(new.key):
        text = f"the primary key went from {_shown(old.key)} to {_shown(new.key)}"
        found.append(Difference("key", ", ".join(new.key), text))
    return found


def _renamed(old: Description, new: Description) -> dict[str, str]:
    """Columns that are gone where one of the same type has come to their place.

    Dropping a column and adding one looks the same where it was the last one.
    """
    before, after = dict(old.columns), dict(new.columns)
    # Behind what was dropped, places are counted without it.
    common = [name for name, _ in old.columns if name in after]
    found: dict[str, str] = {}
    for name, type_ in old.columns:
        if name in after:
            continue
        follows = _behind(old, name, common)
        for other, other_type in new.columns:
            if other in before or other in found.values() or other_type != type_:
                continue
            if _behind(new, other, common) == follows:
                found[name] = other
                break
    return found


def _behind(table: Description, name: str, common: list[str]) -> str | None:
    """The last column before this one that both descriptions have."""
    last = None
    for other, _ in table.columns:
        if other == name:
            return last
        if other in common:
            last = other
    return last


def _shown(key: tuple[str, ...]) -> str:
    return f"({', '.join(key)})" if key else "none"
