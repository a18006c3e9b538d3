-- | error[sql.missing-option]: the table `t` names no connector
-- |   --> no_with.sql:7:14
-- |   |
-- | 7 | CREATE TABLE t (a INT);
-- |   |              ^
-- | hint: Add WITH ('connector' = '...'). Connectors: blackhole, datagen, jdbc, kafka.
CREATE TABLE t (a INT);
