-- | error[sql.not-supported]: DISTRIBUTED is not supported yet
-- |   --> create_distributed.sql:7:24
-- |   |
-- | 7 | CREATE TABLE t (a INT) DISTRIBUTED BY (a) INTO 4 BUCKETS WITH ('connector' = 'blackhole');
-- |   |                        ^^^^^^^^^^^
-- | hint: Leave it out: the number of partitions is the topic's own.
CREATE TABLE t (a INT) DISTRIBUTED BY (a) INTO 4 BUCKETS WITH ('connector' = 'blackhole');
