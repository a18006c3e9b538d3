-- | error[sql.not-supported]: EXPLAIN CREATE is not supported yet
-- |   --> explain_create.sql:7:9
-- |   |
-- | 7 | EXPLAIN CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');
-- |   |         ^^^^^^
-- | hint: EXPLAIN takes a query or an INSERT.
EXPLAIN CREATE TABLE t (a INT) WITH ('connector' = 'blackhole');
