-- | error[sql.bad-argument]: shout is no aggregate function and takes no DISTINCT
-- |   --> function_distinct.sql:8:8
-- |   |
-- | 8 | SELECT shout(DISTINCT v) FROM t;
-- |   |        ^^^^^^^^^^^^^^^^^
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE FUNCTION shout AS 'good.shout' LANGUAGE PYTHON;
SELECT shout(DISTINCT v) FROM t;
