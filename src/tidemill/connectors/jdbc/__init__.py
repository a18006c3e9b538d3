"""The `jdbc` connector: Postgres as a bounded source, a lookup table and an exactly-once sink.

Options are those of Flink's JDBC connector. It speaks to Postgres through psycopg (no Java), and
needs Postgres 14 or newer.

- Scan: one snapshot, read by COPY; positions follow the primary key where there is one.
- Lookup: rows by equality on keys, many keys in one query.
- Sink: with a PRIMARY KEY rows are upserted and deleted by key (-U is not needed and ignored),
  without one they are appended. All tables of one database and user share one transaction per
  epoch, which also carries the epoch's number in the table `tidemill_epochs` of that database, so
  each epoch is in exactly once. A row that Postgres refuses is set aside; the others go in.
"""
