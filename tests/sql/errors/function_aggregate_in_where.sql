-- | error[sql.misplaced-aggregate]: the aggregate function TOTAL cannot stand in WHERE
-- |   --> function_aggregate_in_where.sql:9:23
-- |   |
-- | 9 | SELECT k FROM t WHERE total(k) > 1;
-- |   |                       ^^^^^
-- | hint: Aggregate in the SELECT list, and test the result in HAVING.
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE FUNCTION total AS 'good.total' LANGUAGE PYTHON;
SELECT k FROM t WHERE total(k) > 1;
