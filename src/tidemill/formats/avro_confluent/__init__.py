"""Format `avro-confluent`: Avro behind a magic byte and the id of its schema in a registry."""
