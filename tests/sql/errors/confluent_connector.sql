-- | error[sql.not-supported]: the connector `confluent` is not supported yet
-- |   --> confluent_connector.sql:7:44
-- |   |
-- | 7 | CREATE TABLE t (a INT) WITH ('connector' = 'confluent', 'value.format' = 'avro-registry');
-- |   |                                            ^^^^^^^^^^^
-- | hint: It is Confluent's cloud's; write 'connector' = 'kafka' with 'topic', 'properties.bootstrap.servers' and 'format'.
CREATE TABLE t (a INT) WITH ('connector' = 'confluent', 'value.format' = 'avro-registry');
