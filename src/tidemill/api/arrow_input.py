"""Data that Python holds, as a bounded table of a session: a Parquet file and its declaration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tidemill.api.expressions import col
from tidemill.errors import UserError
from tidemill.sql.syntax.normal import quoted, string

_PLAIN = {
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INT",
    "int64": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "STRING",
    "large_string": "STRING",
    "string_view": "STRING",
    "binary": "BYTES",
    "large_binary": "BYTES",
    "date32[day]": "DATE",
}
_WIDER = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.float16(): pa.float32(),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
}


def as_table(data: Any) -> pa.Table:
    """An Arrow table of anything that gives one: Arrow, Polars, pandas, or a list of dicts."""
    if isinstance(data, list):
        data = pa.Table.from_pylist(data)
    if not isinstance(data, pa.Table):
        data = pa.table(data)
    fields = [field.with_type(_WIDER.get(field.type, field.type)) for field in data.schema]
    return data.cast(pa.schema(fields))


def declare(name: str, data: pa.Table, folder: Path, time: str | None, delay: str) -> str:
    """Write the rows into `folder` and give the CREATE TABLE over them.

    Args:
        name: the table's name.
        data: the rows.
        folder: an empty folder that lives as long as the table.
        time: the event-time column; None: none.
        delay: how far the watermark stays behind it, as an interval literal.
    """
    data = data if time is None else _event_time(data, time)
    columns = [f"{quoted(field.name)} {_type(field)}" for field in data.schema]
    if time is not None:
        column = col(time).sql
        columns.append(f"WATERMARK FOR {column} AS {column} - {delay}")
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(data, folder / "rows.parquet")
    body = ",\n  ".join(columns)
    return (
        f"CREATE TABLE {quoted(name)} (\n  {body}\n) WITH (\n  'connector' = 'filesystem',\n"
        f"  'path' = {string(str(folder))},\n  'format' = 'parquet'\n)"
    )


def _event_time(data: pa.Table, time: str) -> pa.Table:
    """The rows with an event time of milliseconds, as Flink demands it; finer ones are refused."""
    index = data.schema.get_field_index(time)
    if index < 0:
        raise UserError(
            f"the data has no column {time!r}",
            code="api.bad-value",
            hint=f"There are: {', '.join(data.column_names)}.",
        )
    field = data.schema.field(index)
    if not pa.types.is_timestamp(field.type) or field.type.unit in ("s", "ms"):
        return data
    try:
        column = data.column(index).cast(pa.timestamp("ms", field.type.tz))
    except pa.ArrowInvalid:
        raise UserError(
            f"column {time} has times finer than a millisecond, and event time is of milliseconds",
            code="api.bad-value",
            hint="Round the column first.",
        ) from None
    return data.set_column(index, field.with_type(column.type), column)


def _type(field: pa.Field) -> str:
    return _sql_type(field.type, field.name)


def _sql_type(type_: pa.DataType, name: str) -> str:
    if str(type_) in _PLAIN:
        return _PLAIN[str(type_)]
    if pa.types.is_decimal(type_):
        return f"DECIMAL({type_.precision}, {type_.scale})"
    if pa.types.is_timestamp(type_):
        digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}[type_.unit]
        return f"TIMESTAMP{'_LTZ' * (type_.tz is not None)}({digits})"
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return f"ARRAY<{_sql_type(type_.value_type, name)}>"
    if pa.types.is_map(type_):
        return f"MAP<{_sql_type(type_.key_type, name)}, {_sql_type(type_.item_type, name)}>"
    if pa.types.is_struct(type_):
        return "ROW<" + ", ".join(f"{quoted(f.name)} {_type(f)}" for f in type_) + ">"
    raise UserError(
        f"column {name} is of the Arrow type {type_}, which no type of SQL holds",
        code="api.bad-value",
        hint="Cast the column first.",
    )
