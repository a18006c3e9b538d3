-- | error[sql.not-supported]: IN with a subquery in ORDER BY is not supported yet
-- |   --> subquery_in_order_by.sql:9:26
-- |   |
-- | 9 | SELECT k FROM a ORDER BY k IN (SELECT k FROM b) LIMIT 3;
-- |   |                          ^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Name it in a query below, such as AS x, and write ORDER BY x.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT k FROM a ORDER BY k IN (SELECT k FROM b) LIMIT 3;
