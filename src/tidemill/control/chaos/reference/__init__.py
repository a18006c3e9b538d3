"""The built-in pipeline: events from Kafka into an exactly-once topic, and windows into Postgres.

- `text`: its SQL, its project and its topics; `feed`: its input, from seed and row number
- `check`: what must hold, asked of the topics and tables; `batch`: the same by DuckDB
"""
