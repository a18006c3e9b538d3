-- | error[sql.bad-option]: the option 'connector' is there twice
-- |   --> double_option.sql:6:57
-- |   |
-- | 6 | CREATE TABLE t (a INT) WITH ('connector' = 'blackhole', 'connector' = 'kafka');
-- |   |                                                         ^^^^^^^^^^^
CREATE TABLE t (a INT) WITH ('connector' = 'blackhole', 'connector' = 'kafka');
