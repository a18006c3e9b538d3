"""The `postgres-cdc` connector: a table's rows and then its changes, from Postgres's own log.

It reads a logical replication slot with `pgoutput`, without Kafka: first the rows as of the slot's
creation (one snapshot, in the order of the primary key), then each change behind it, by commit.

Guarantees: no row is missing and none comes twice where the snapshot meets the log, also when the
snapshot is cut off and goes on later: the rest is read as of a newer place in the log, and changes
before that place are dropped for the keys of the rest only. A position is a place in the log with
the count of changes taken of the transaction there, so a transaction of a million rows can be cut
anywhere. The slot is told that changes are done with only when an epoch that holds them is
committed in every sink (and some more, so that an older checkpoint can be gone back to). A slot or
publication that was dropped, made again or moved on by someone else is an error, as are a TRUNCATE
and a value that the log does not hold; none is read over.
Non-guarantees: the rows of a bounded scan (`scan.startup.mode` = `snapshot`) that was cut off are
of two moments. One slot serves one table: each table's reading has its own position, and a slot
has one reader and one confirmed place, which the slowest table would hold back for all.

- `options`, `connector`, `source`: the table's options and its reader
- `slot`: the slot, the publication, and what must be true of them; `snapshot`: the rows before
- `stream`: the replication protocol; `tuples`: messages to rows; `values`: texts to Arrow
- `position`: what a position holds; `joined`: which changes a snapshot holds already
"""
