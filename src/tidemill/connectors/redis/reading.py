"""Reading rows of a redis table by their keys, many keys in one pipelined request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.redis.commands import commands, wire
from tidemill.connectors.redis.connection import RedisConnection, chunks, translate
from tidemill.connectors.redis.options import RedisOptions
from tidemill.connectors.redis.texts import values
from tidemill.model import Column, Schema
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A key whose value does not fit the table: its index among the keys asked for, and why."""

    index: int
    message: str


@dataclass(frozen=True, slots=True)
class Found:
    """The rows that are there.

    `origin` is the index of each row's key; `columns` has all columns that are in the value.
    """

    origin: pa.Int64Array
    columns: dict[str, pa.Array]
    unreadable: tuple[Unreadable, ...] = ()


class Reader:
    """Reads the rows behind keys."""

    def __init__(self, options: RedisOptions, connection: RedisConnection) -> None:
        self._options = options
        self._connection = connection
        self._fields = options.fields

    def read(self, keys: pa.BinaryArray) -> Found:
        """The rows of the keys; a key that is missing has none."""
        if self._options.mode == "string":
            replies = self._ask(commands(b"GET", len(keys), keys))
            return self._strings(replies)
        names = [column.name.encode() for column in self._fields]
        return self._hashes(self._ask(commands(b"HMGET", len(keys), keys, *names)))

    def _ask(self, asked: pa.BinaryArray) -> list[Any]:
        replies: list[Any] = []
        for part in chunks(asked):
            replies += self._connection.pipeline(wire(asked[part]), len(asked[part]))
        return replies

    def _hashes(self, replies: list[Any]) -> Found:
        bad = self._refused(replies)
        there = [
            index
            for index, reply in enumerate(replies)
            if index not in bad and any(text is not None for text in reply)
        ]
        texts = [replies[index] for index in there]
        columns: dict[str, pa.Array] = {}
        wrong: dict[int, str] = {}
        for position, column in enumerate(self._fields):
            found = pa.array([row[position] for row in texts], pa.binary())
            columns[column.name] = typed(found, column, wrong)
        return _settled(there, columns, bad, wrong)

    def _strings(self, replies: list[Any]) -> Found:
        bad = self._refused(replies)
        there = [i for i, reply in enumerate(replies) if i not in bad and reply is not None]
        texts = [replies[index] for index in there]
        wrong: dict[int, str] = {}
        factory, options = self._options.format, self._options.format_options
        if factory is None:
            (column,) = self._fields
            array = typed(pa.array(texts, pa.binary()), column, wrong)
            return _settled(there, {column.name: array}, bad, wrong)
        assert factory.decoder is not None and options is not None
        decoded = factory.decoder(Schema(self._fields), options, None).decode(texts)
        bad |= {there[reject.index]: reject.message for reject in decoded.rejects}
        if decoded.origin is not None:
            there = [there[index] for index in decoded.origin.to_pylist()]
        columns = dict(zip(decoded.rows.schema.names, decoded.rows.columns, strict=True))
        return _settled(there, columns, bad, {})

    def _refused(self, replies: list[Any]) -> dict[int, str]:
        """The keys of another type; any other refusal is raised."""
        bad: dict[int, str] = {}
        for index, reply in enumerate(replies):
            if isinstance(reply, Exception):
                if not str(reply).startswith("WRONGTYPE"):
                    raise translate(reply, self._options.shown, self._options.table.name)
                bad[index] = f"the key does not hold a {self._options.mode}"
        return bad


def typed(found: pa.BinaryArray, column: Column, wrong: dict[int, str]) -> pa.Array:
    """The values of one column; those that cannot be read are NULL and noted in `wrong`."""
    try:
        return values(found, column.type)
    except (pa.ArrowException, ValueError):
        one_by_one: list[pa.Array] = []
        for index in range(len(found)):
            try:
                one_by_one.append(values(found.slice(index, 1), column.type))
            except (pa.ArrowException, ValueError):
                text = found[index].as_py()
                wrong.setdefault(
                    index, f"`{column.name}` is {text!r:.60}, which is no {column.type.sql()}"
                )
                one_by_one.append(pa.nulls(1, column.type.arrow()))
        return pa.concat_arrays(one_by_one)


def _settled(
    there: Sequence[int], columns: dict[str, pa.Array], bad: dict[int, str], wrong: dict[int, str]
) -> Found:
    origin = pa.array(there, pa.int64())
    bad = {**bad, **{there[row]: why for row, why in wrong.items()}}
    if wrong:
        rows = pa.array([row for row in range(len(there)) if row not in wrong], pa.int64())
        origin = origin.take(rows)
        columns = {name: array.take(rows) for name, array in columns.items()}
    return Found(origin, columns, tuple(Unreadable(i, bad[i]) for i in sorted(bad)))


def key_columns(
    options: RedisOptions, keys: Sequence[bytes], wrong: dict[int, str]
) -> dict[str, pa.Array]:
    """The columns that a key's text says, for keys that match the pattern."""
    regex = options.key.regex()
    parts = [match.groups() for key in keys if (match := regex.fullmatch(key)) is not None]
    by_name = {column.name: column for column in options.table.schema.columns}
    return {
        name: typed(pa.array([part[i] for part in parts], pa.binary()), by_name[name], wrong)
        for i, name in enumerate(options.key.columns)
    }


def equal_rows(left: Sequence[pa.Array], right: Sequence[pa.Array], count: int) -> pa.BooleanArray:
    """Where all pairs of columns are equal (NULL is equal to nothing)."""
    found = pa.repeat(pa.scalar(True), count)
    for one, other in zip(left, right, strict=True):
        found = pc.and_(found, pc.fill_null(pc.equal(one, other), False))
    return found
