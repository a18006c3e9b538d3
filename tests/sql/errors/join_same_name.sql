-- | error[sql.ambiguous-column]: two tables in FROM are named `a`
-- |   --> join_same_name.sql:9:24
-- |   |
-- | 9 | SELECT a.k FROM a JOIN a ON a.k = a.k;
-- |   |                        ^
-- | hint: Give one of them an alias: FROM t AS a JOIN t AS b.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT a.k FROM a JOIN a ON a.k = a.k;
