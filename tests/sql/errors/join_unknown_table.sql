-- | error[sql.unknown-column]: unknown table or column `c`
-- |   --> join_unknown_table.sql:9:8
-- |   |
-- | 9 | SELECT c.k FROM a JOIN b ON a.k = b.k;
-- |   |        ^
-- | hint: Columns here: k, v, k, w.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT c.k FROM a JOIN b ON a.k = b.k;
