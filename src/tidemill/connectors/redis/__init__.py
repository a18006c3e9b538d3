"""The `redis` connector: rows as hashes, strings or stream entries of a Redis server.

- Sink: each row goes to the key that a pattern such as `session:{session_id}` makes of its columns.
  All tables of one server, database and user share one MULTI/EXEC per epoch, which also sets the
  epoch's number, so each epoch is in exactly once. With a PRIMARY KEY rows are replaced and deleted
  by key; without one they are added.
- Lookup: many keys in one pipelined request.
- Scan: the rows behind all keys that match the pattern, in the order of their keys.

It speaks to one server (a primary), not to a Redis Cluster, and needs Redis 6 or newer.
"""
