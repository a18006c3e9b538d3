-- | error[sql.not-supported]: a scalar subquery in the SELECT list is not supported yet
-- |   --> subquery_in_group_by.sql:9:23
-- |   |
-- | 9 | SELECT COUNT(*) AS n, (SELECT MAX(k) FROM b) AS m FROM a;
-- |   |                       ^^^^^^^^^^^^^^^^^^^^^^
-- | hint: It may stand in WHERE, and in the SELECT list of a query without GROUP BY.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT COUNT(*) AS n, (SELECT MAX(k) FROM b) AS m FROM a;
