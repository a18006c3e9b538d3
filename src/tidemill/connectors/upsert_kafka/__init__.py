"""Connector `upsert-kafka`: a compacted topic as a table with a primary key.

Written: the key columns as the message's key, the row as its value, a tombstone for a delete.
Read: each message is +U of its key's row, a tombstone is -D with the key alone.
"""
