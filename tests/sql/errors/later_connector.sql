-- | error[sql.not-supported]: the connector `elasticsearch-7` is not supported yet
-- |   --> later_connector.sql:7:44
-- |   |
-- | 7 | CREATE TABLE t (a INT) WITH ('connector' = 'elasticsearch-7', 'index' = 't');
-- |   |                                            ^^^^^^^^^^^^^^^^^
-- | hint: Connectors: blackhole, datagen, jdbc, kafka.
CREATE TABLE t (a INT) WITH ('connector' = 'elasticsearch-7', 'index' = 't');
