"""Use cases of change data capture: heartbeats, slots against their budget, taking rows anew.

- `heartbeat`: what a Debezium connector needs so that an idle table holds no log back, and a
  TRUNCATE is reported
- `readers`: which connector or pipeline reads a slot; `guard`: slots over their budget
- `captured`: connectors whose topics a pipeline reads, and how one begins with a snapshot
- `resnapshot`: pipelines begin anew with the rows of the tables that they capture
"""
