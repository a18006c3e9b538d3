"""Use cases of change data capture: heartbeats, slots against their budget, taking rows anew.

- `heartbeat`: what a Debezium connector needs so that an idle table holds no log back
- `readers`: which connector or pipeline reads a slot; `guard`: slots over their budget
- `resnapshot`: a pipeline begins anew with the rows of its `postgres-cdc` tables
"""
