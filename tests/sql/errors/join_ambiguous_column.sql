-- | error[sql.ambiguous-column]: more than one column is named `k`
-- |   --> join_ambiguous_column.sql:9:8
-- |   |
-- | 9 | SELECT k FROM a JOIN b ON a.k = b.k;
-- |   |        ^
-- | hint: Say which: `a.k` or `b.k`.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT k FROM a JOIN b ON a.k = b.k;
