"""Format `avro`: rows as Avro binary, by the schema that the table's columns come to.

- `schema`: the table's schema in Avro, as Flink derives it
- `vectors`: messages to raw Arrow columns by numpy; `general`: any schema, by fastavro
- `resolve`: raw columns of a writer's schema to the table's columns, by Avro's resolution
- `encode`: Arrow columns to Avro bytes
"""
