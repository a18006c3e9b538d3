"""Format `debezium-avro-confluent`: Debezium's change events in Avro, with a schema registry."""
