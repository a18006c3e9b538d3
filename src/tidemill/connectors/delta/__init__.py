"""The `delta` connector: Delta Lake tables, read, and written exactly once.

A table is a folder of Parquet files with a log, local or on `s3://`; it is reached by delta-rs, so
no JVM is needed, and Spark, Flink and Trino read the same tables.

- Sink: an epoch is one version of the table. Its commit holds the application transaction
  (`txn`) of the job with the epoch's number. With a PRIMARY KEY an epoch is one MERGE, which writes
  the files that hold a changed key anew. The table is made where there is none; columns that it
  lacks are added.
- Source: bounded (one version), or with `'mode' = 'streaming'` each row of each new version once.

Non-guarantees: files that were written and not committed when a process was killed stay in the
folder, where no reader looks; `tidemill lake expire` removes them.
"""
