-- | error[sql.not-supported]: DISTINCT in a Python aggregate is not supported yet
-- |   --> function_aggregate_distinct.sql:8:8
-- |   |
-- | 8 | SELECT total(DISTINCT k) FROM t;
-- |   |        ^^^^^^^^^^^^^^^^^
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE FUNCTION total AS 'good.total' LANGUAGE PYTHON;
SELECT total(DISTINCT k) FROM t;
