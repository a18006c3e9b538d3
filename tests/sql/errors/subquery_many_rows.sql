-- | error[sql.not-supported]: a scalar subquery that may have more than one row is not supported yet
-- |   --> subquery_many_rows.sql:9:27
-- |   |
-- | 9 | SELECT k FROM a WHERE k > (SELECT k FROM b);
-- |   |                           ^^^^^^^^^^^^^^^^^
-- | hint: Aggregate in it, such as (SELECT MAX(v) FROM t).
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT k FROM a WHERE k > (SELECT k FROM b);
