-- | error[sql.bad-partition]: unknown column `b` in the partition
-- |   --> partition_column.sql:7:40
-- |   |
-- | 7 | CREATE TABLE t (a INT) PARTITIONED BY (b) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                                        ^
-- | hint: Columns: a.
CREATE TABLE t (a INT) PARTITIONED BY (b) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
