-- | error[sql.unknown-column]: unknown table or column `a`
-- |   --> subquery_grouped_outside.sql:9:64
-- |   |
-- | 9 | SELECT k FROM a WHERE k IN (SELECT COUNT(*) FROM b WHERE b.w = a.v GROUP BY w);
-- |   |                                                                ^
-- | hint: Columns here: k, w. A subquery with GROUP BY, DISTINCT aggregates, set operations or a subquery of its own does not see the columns of the outer query.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT k FROM a WHERE k IN (SELECT COUNT(*) FROM b WHERE b.w = a.v GROUP BY w);
