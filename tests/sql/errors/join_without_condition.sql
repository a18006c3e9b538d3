-- | error[sql.syntax]: expected ON or USING after LEFT JOIN, found `WHERE`
-- |   --> join_without_condition.sql:9:31
-- |   |
-- | 9 | SELECT a.k FROM a LEFT JOIN b WHERE a.k = b.k;
-- |   |                               ^^^^^
-- | hint: A join of every row with every other is written CROSS JOIN.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT a.k FROM a LEFT JOIN b WHERE a.k = b.k;
