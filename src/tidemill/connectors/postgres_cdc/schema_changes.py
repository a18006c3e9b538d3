"""What becomes of a change of the table, by the option `schema.change.behavior`.

A statement's columns are declared, so there is only so much that can change under it: it goes on
where each declared column still holds every value, and is stopped by name where one does not. A
new column is nowhere declared and is left out. What goes on is noted in the position.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from dataclasses import replace

from tidemill.connectors.jdbc.target import TargetTable, check_columns, mismatch
from tidemill.connectors.jdbc.types import PgType, fits
from tidemill.connectors.postgres_cdc.description import (
    Description,
    Difference,
    differences,
)
from tidemill.connectors.postgres_cdc.options import CdcOptions
from tidemill.connectors.postgres_cdc.position import Place
from tidemill.connectors.postgres_cdc.refusals import AGAIN
from tidemill.errors import ConnectorError, Where
from tidemill.model import DataType, Schema, TableDescriptor, TypeRoot
from tidemill.model.types import MAX_LENGTH

_log = logging.getLogger("tidemill.connectors.postgres_cdc")
_DIGITS = {"int2": 5, "int4": 10, "int8": 19}
_RANKS = {
    "int2": 0, "int4": 1, "int8": 2,
    TypeRoot.SMALLINT: 0, TypeRoot.INTEGER: 1, TypeRoot.BIGINT: 2,
}  # fmt: skip


def behind(
    options: CdcOptions, place: Place, now: Description, target: TargetTable, at: str
) -> Place:
    """The place with the table's newest description; raises where a change stops the reading."""
    if place.columns is not None:
        for found in differences(Description(place.columns, place.key), now):
            noted = go_on(options, target, found, at)
            place = replace(place, schema_changes=place.schema_changes.and_one(at, noted))
    return replace(place, columns=now.columns, key=now.key)


def check_described(options: CdcOptions, now: Description, target: TargetTable) -> None:
    """All declared columns are there, with types that fit, but for those that may be gone."""
    names = [name for name, _ in now.columns]
    lenient = ignores(options)
    for column in options.table.schema.columns:
        if column.name not in names and not (lenient and column.type.nullable):
            problem = f"has no column `{column.name}` in its changes any more"
            raise mismatch(options.table, target, options.source, problem, AGAIN)
    there = options.table
    if lenient:
        there = those_of(there, target.columns.keys() & set(names))
    check_columns(there, target, options.source, writing=False)


def ignores(options: CdcOptions) -> bool:
    """Whether a declared column may be gone."""
    return bool(options.values["schema.change.behavior"] == "ignore")


def those_of(table: TableDescriptor, names: Collection[str]) -> TableDescriptor:
    """The table with those of its columns alone."""
    kept = tuple(column for column in table.schema.columns if column.name in names)
    return replace(table, schema=Schema(kept))


def go_on(options: CdcOptions, target: TargetTable, found: Difference, place: str) -> str:
    """What to note of a change at a place in the log; raises where it stops the reading."""
    why = _refused(options, target, found)
    name = options.source.shown_table
    if why is not None:
        raise ConnectorError(
            f"the Postgres table `{name}` has changed: {found.sentence}",
            code="connector.schema-changed",
            where=Where(server=options.shown, table=options.table.name, offset=place),
            detail=f"{why} Nothing from {place} on has been written.",
            hint=_hint(options, found),
        )
    outcome = _outcome(options, found)
    _log.warning(
        "the Postgres table %s has changed at %s: %s; %s", name, place, found.sentence, outcome,
        extra={"table": options.table.name},
    )  # fmt: skip
    return f"{found.sentence}; {outcome}"


def _refused(options: CdcOptions, target: TargetTable, found: Difference) -> str | None:
    """Why the reading cannot go on; None where it can."""
    behavior: str = options.values["schema.change.behavior"]
    if behavior == "fail":
        return "'schema.change.behavior' is `fail`."
    if found.kind == "key":
        return _key_refused(options, target)
    column = next((c for c in options.table.schema.columns if c.name == found.column), None)
    if column is None or found.kind == "added":
        return None
    if found.kind == "renamed":
        return f"`{column.name}` is declared, and its values stand under another name."
    if found.kind == "dropped":
        if behavior == "evolve":
            return f"`{column.name}` is declared and would be NULL; `ignore` lets it be."
        needed = not column.type.nullable or column.name in options.table.primary_key
        return f"`{column.name}` is declared as NOT NULL." if needed else None
    now = target.columns.get(column.name)
    if now is None or not fits(column.type, now.type, writing=False):
        return f"`{column.name}` is declared as {column.type.sql()}, which cannot be read from it."
    if behavior == "evolve" and not holds(column.type, now.type, now.shown_type):
        return f"`{column.name}` is declared as {column.type.sql()}, which does not hold all of it."
    return None


def _key_refused(options: CdcOptions, target: TargetTable) -> str | None:
    declared = options.table.primary_key
    if not declared or set(declared) == set(target.primary_key):
        return None
    if options.upsert:
        return "Rows are matched by the declared key ('changelog-mode' = 'upsert')."
    if options.values["schema.change.behavior"] == "evolve":
        return f"PRIMARY KEY ({', '.join(declared)}) is declared."
    return None


def _outcome(options: CdcOptions, found: Difference) -> str:
    declared = found.column in options.table.schema.names
    if found.kind == "key":
        return "the declared key is kept"
    if not declared:
        return "it is not declared, and left out"
    if found.kind == "dropped":
        return "it is NULL from here on"
    return "the declared type is kept"


def _hint(options: CdcOptions, found: Difference) -> str:
    change = {
        "added": f"declare `{found.column}` in the text if it is needed",
        "dropped": f"take `{found.column}` out of the text",
        "renamed": "declare the column under its new name",
        "retyped": f"declare `{found.column}` with a type that holds it",
        "key": "declare the new PRIMARY KEY",
    }[found.kind]
    if options.values["schema.change.behavior"] == "fail":
        return (
            f"Undo the change, or let it through: {change}, and run once with "
            "'schema.change.behavior' = 'evolve' or 'ignore'."
        )
    return (
        f"Undo the change in Postgres, or {change}; `tidemill plan PIPELINE` says what becomes of "
        "the pipeline's state."
    )


def holds(type_: DataType, pg: PgType, shown: str) -> bool:
    """Whether a declared type that can be read from a Postgres type holds all of its values."""
    if pg.element is not None:
        return type_.element is not None and holds(type_.element, PgType("", pg.element), "")
    if type_.root is TypeRoot.DECIMAL:
        digits, scale = type_.precision or 10, type_.scale or 0
        if pg.name in _DIGITS:
            return digits - scale >= _DIGITS[pg.name]
        if pg.precision is None or pg.scale is None:
            return False
        return scale >= pg.scale and digits - scale >= pg.precision - pg.scale
    if pg.name in _RANKS:
        return _RANKS.get(type_.root, -1) >= _RANKS[pg.name]
    if pg.name in ("float4", "float8"):
        return type_.root is TypeRoot.DOUBLE or (
            type_.root is TypeRoot.FLOAT and pg.name == "float4"
        )
    if pg.name == "numeric":
        return False
    if type_.is_string:
        longest = type_.length or MAX_LENGTH
        return longest == MAX_LENGTH or (pg.length is not None and pg.length <= longest)
    if type_.is_timestamp or type_.root is TypeRoot.TIME:
        given = re.search(r"\((\d)\)", shown)
        return (type_.precision or 0) >= (int(given[1]) if given else 6)
    return True
