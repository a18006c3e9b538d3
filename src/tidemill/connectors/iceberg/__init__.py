"""The `iceberg` connector: tables in Apache Iceberg's format, read, and written exactly once.

The catalog is Iceberg's JDBC catalog (pyiceberg's SQL catalog), in Postgres or in a SQLite file;
data is Parquet in a folder or on `s3://`.

- Sink: an epoch is one snapshot. Its commit also writes the job and the epoch's number, into the
  snapshot's summary and into the table's properties, where they outlive the expiry of snapshots.
  With a PRIMARY KEY rows are replaced and deleted by key, by writing the files that hold them anew
  (copy on write). The table is made where there is none; columns that it lacks are added.
- Source: bounded (one snapshot), or with `'streaming' = 'true'` each row of each new snapshot once.

Non-guarantees: files that were written and not committed when a process was killed stay in the
warehouse, where no reader looks; `tidemill lake expire --orphans` removes them.
"""
