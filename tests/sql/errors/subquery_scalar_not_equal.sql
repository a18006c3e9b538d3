-- | error[sql.not-supported]: a scalar subquery whose WHERE compares with the outer row other than by = is not supported yet
-- |   --> subquery_scalar_not_equal.sql:9:41
-- |   |
-- | 9 | SELECT k, (SELECT MAX(b.k) FROM b WHERE b.k < a.k) AS m FROM a;
-- |   |                                         ^^^^^^^^^
-- | hint: Join and aggregate: SELECT o.id, MAX(i.v) FROM o LEFT JOIN i ON i.v < o.v GROUP BY o.id.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT k, (SELECT MAX(b.k) FROM b WHERE b.k < a.k) AS m FROM a;
