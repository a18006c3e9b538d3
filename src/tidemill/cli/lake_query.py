"""`tidemill lake query`."""

from __future__ import annotations

from tidemill.cli.output import data_json_line, say, table
from tidemill.cli.verb import COMMON, Common, verb


def lake_query(sql: str, /, *, common: Common = COMMON) -> None:
    """Query the files of the lake.

    DuckDB's SQL over Parquet, CSV and JSON by their address, over the Iceberg and Delta tables that
    pipelines declare, and over the views of lake.yaml; only reading. Columns and row groups that
    the query does not need are not fetched (of an Iceberg table all are).

    Args:
        sql: one SELECT.
        common: the options of every verb.
    """
    from tidemill.control.lake.query import query_lake  # noqa: PLC0415 - loaded when called

    rows = query_lake(sql, common.project)
    if common.json:
        for row in rows.as_dicts():
            data_json_line(row)
        return
    table(rows.table.column_names, [tuple(row.values()) for row in rows.as_dicts()])
    say(f"{rows.table.num_rows} rows")


APP = verb(
    "query", lake_query, "tidemill lake query \"SELECT count(*) FROM 's3://lake/raw/*.parquet'\""
)
