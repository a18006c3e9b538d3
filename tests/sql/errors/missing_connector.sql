-- | error[sql.missing-option]: the table `t` names no connector
-- |   --> missing_connector.sql:7:24
-- |   |
-- | 7 | CREATE TABLE t (a INT) WITH ('topic' = 't');
-- |   |                        ^^^^
-- | hint: Add WITH ('connector' = '...'). Connectors: blackhole, datagen, jdbc, kafka.
CREATE TABLE t (a INT) WITH ('topic' = 't');
