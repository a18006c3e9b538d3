"""Which changes a snapshot holds already, where it was read in parts as of several places.

A row with the key K is of the first part whose last key is not before K. A change of it that was
committed before that part's place is in the part. Keys are compared by Postgres, in the table's own
order: this is asked only for the changes between the places of the first and the last part.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from psycopg import sql

from tidemill.connectors.jdbc.connection import Connection
from tidemill.connectors.jdbc.target import TargetTable
from tidemill.connectors.postgres_cdc.position import Part
from tidemill.connectors.postgres_cdc.tuples import Ints, Mask

_QUERY = sql.SQL(
    "SELECT {} FROM jsonb_populate_recordset(CAST(NULL AS {}), CAST(%s AS jsonb)) "
    "WITH ORDINALITY AS t ORDER BY ordinality"
)


def in_snapshot(
    connection: Connection,
    target: TargetTable,
    key: Sequence[str],
    keys: Sequence[Sequence[str | None]],
    commits: Ints,
    parts: Sequence[Part],
) -> Mask:
    """Whether the snapshot holds rows with these keys (a list per column) as committed there."""
    places = np.array([part.lsn for part in parts], np.int64)
    asked = np.flatnonzero(commits < places.max())
    held = np.zeros(len(commits), np.bool_)
    if not len(asked):
        return held
    chosen = asked.tolist()
    rows = [{name: column[i] for name, column in zip(key, keys, strict=True)} for i in chosen]
    query = _QUERY.format(_part_of(target, key, parts), target.identifier)
    part_of = [row[0] for row in connection.execute(query, (json.dumps(rows),)).fetchall()]
    held[asked] = commits[asked] < places[np.array(part_of, np.int64)]
    return held


def _part_of(target: TargetTable, key: Sequence[str], parts: Sequence[Part]) -> sql.Composable:
    """The index of the part that a row is of."""
    columns = [sql.SQL("t.{}").format(sql.Identifier(name)) for name in key]
    cases: list[sql.Composable] = []
    for index, part in enumerate(parts):
        if part.upto is None:
            continue
        last = []
        for name, value in zip(key, part.upto, strict=True):
            pg = target.columns[name].type
            type_ = sql.Identifier(pg.namespace, pg.name)
            last.append(sql.SQL("CAST({} AS {})").format(sql.Literal(value), type_))
        cases.append(
            sql.SQL("WHEN ({}) <= ({}) THEN {}").format(
                sql.SQL(", ").join(columns), sql.SQL(", ").join(last), sql.Literal(index)
            )
        )
    return sql.SQL("CASE {} ELSE {} END").format(
        sql.SQL(" ").join(cases), sql.Literal(len(parts) - 1)
    )
