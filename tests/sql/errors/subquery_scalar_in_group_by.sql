-- | error[sql.not-supported]: a scalar subquery in GROUP BY is not supported yet
-- |   --> subquery_scalar_in_group_by.sql:9:38
-- |   |
-- | 9 | SELECT COUNT(*) AS n FROM a GROUP BY (SELECT MAX(k) FROM b);
-- |   |                                      ^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Name it in a query below, such as AS x, and write GROUP BY x.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT COUNT(*) AS n FROM a GROUP BY (SELECT MAX(k) FROM b);
