"""The `blackhole` connector: takes every row and keeps none.

For tests of throughput and for pipelines whose side effects are all that counts. Guarantees: every
kind of row is taken, of every type. Non-guarantees: nothing of a row is ever read again.
"""
