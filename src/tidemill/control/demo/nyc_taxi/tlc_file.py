"""Reads a TLC trip file, yellow or green, Parquet or CSV, into rows for the trips table.

Guarantees: every row of the file comes out, once, dirt included; a column the file lacks is NULL;
the order is that of the drop-offs (a meter reports a trip when it ends), ties in the file's order,
so the same file always gives the same rows in the same order. A file that is cut off, that is no
TLC file, or whose values do not fit raises UserError and says which column.
Non-guarantees: years before 2011 have other columns (coordinates instead of zones) and are refused.
Memory: the whole file is held, about 250 bytes a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from tidemill.control.demo.nyc_taxi.columns import COLUMNS, MONEY, SCHEMA, TripColumn
from tidemill.errors import UserError, Where, did_you_mean

ENDINGS = (".parquet", ".csv")


def read_trips(path: Path) -> pa.Table:
    """Read a file into rows of `SCHEMA`, ordered by drop-off."""
    return trips_of(_read(path), str(path))


def trips_of(table: pa.Table, name: str) -> pa.Table:
    """Turn a table with TLC's column names into rows of `SCHEMA`, ordered by drop-off."""
    found = _columns_by_name(table)
    _refuse_missing(found, name)
    arrays = [_convert(column, found.get(column.tlc), table.num_rows, name) for column in COLUMNS]
    rows = pa.table(arrays, schema=SCHEMA)
    if rows.num_rows == 0:
        raise UserError(
            f"{name} holds no trips",
            code="demo.input-empty",
            where=Where(file=name),
            hint="Give a file with at least one row.",
        )
    # Arrow's sort is stable only by an explicit last key.
    keys = rows.select(["tpep_dropoff_datetime"]).append_column(
        "row", pa.array(range(rows.num_rows), pa.int64())
    )
    order = pc.sort_indices(
        keys, sort_keys=[("tpep_dropoff_datetime", "ascending"), ("row", "ascending")]
    )
    return rows.take(order).combine_chunks()


def month_of(trips: pa.Table) -> tuple[datetime, datetime]:
    """The month most trips were picked up in, as its first instant and that of the next month.

    Real files hold some trips from other months and years; the pipeline sets those aside.
    """
    months = pc.floor_temporal(trips["tpep_pickup_datetime"], unit="month").drop_null()
    if len(months) == 0:
        raise UserError(
            "the file has no pick-up time in any row",
            code="demo.input-values",
            hint="Give a file whose pick-up column holds times.",
        )
    counts = sorted(
        ((c["counts"], c["values"]) for c in pc.value_counts(months).to_pylist()), reverse=True
    )
    first: datetime = counts[0][1]
    return first, first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise UserError(
            f"there is no file {path}",
            code="demo.input-missing",
            where=Where(file=str(path)),
            hint="Give the path of a TLC trip file: `--input yellow_tripdata_2025-01.parquet`.",
        )
    if path.suffix.lower() not in ENDINGS:
        raise UserError(
            f"{path.name} is neither a .parquet nor a .csv file",
            code="demo.input-format",
            where=Where(file=str(path)),
            hint="Give a TLC trip file in one of these formats.",
        )
    try:
        if path.suffix.lower() == ".parquet":
            return pq.ParquetFile(path).read()
        options = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
        return pyarrow.csv.read_csv(path, convert_options=options)
    except (pa.ArrowException, OSError) as error:
        raise UserError(
            f"{path.name} cannot be read as {path.suffix[1:].lower()}",
            code="demo.input-unreadable",
            where=Where(file=str(path)),
            detail=str(error).splitlines()[0],
            hint="The file may be cut off: fetch it again and compare its size with the original.",
        ) from None


def _columns_by_name(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    names = [name.strip().lower().replace("lpep_", "tpep_") for name in table.column_names]
    return dict(zip(names, table.columns, strict=True))


def _refuse_missing(found: Mapping[str, object], name: str) -> None:
    missing = [c.tlc for c in COLUMNS if c.required and c.tlc not in found]
    if not missing:
        return
    near = did_you_mean(missing[0], found)
    raise UserError(
        f"{Path(name).name} is no TLC yellow or green trip file: it lacks {', '.join(missing)}",
        code="demo.input-columns",
        where=Where(file=name),
        detail=f"The file's columns are: {', '.join(found) or 'none'}.",
        hint=near
        or "Give a monthly yellow or green trip file from 2011 or later (not for-hire vehicles).",
    )


def _convert(
    column: TripColumn, values: pa.ChunkedArray | None, rows: int, name: str
) -> pa.ChunkedArray:
    if values is None:
        return pa.chunked_array([pa.nulls(rows, column.type)])
    try:
        return _cast(values, column.type)
    except (pa.ArrowException, ValueError) as error:
        raise UserError(
            f"column {column.tlc} of {Path(name).name} holds {values.type}, "
            f"and not every value fits {column.type}",
            code="demo.input-values",
            where=Where(file=name),
            detail=str(error).splitlines()[0],
            hint="Give the file as TLC publishes it.",
        ) from None


def _cast(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, values.type))
        if kind == MONEY:
            values = pc.round(values, ndigits=2)
    if kind == MONEY and pa.types.is_integer(values.type):
        values = values.cast(pa.float64())
    if pa.types.is_timestamp(kind) and pa.types.is_timestamp(values.type):
        # Nanoseconds are cut; TLC's clocks tick in seconds.
        return values.cast(kind, safe=False)
    return values.cast(kind)
