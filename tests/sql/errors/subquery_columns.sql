-- | error[sql.column-count]: IN compares 1 values with 2 columns
-- |   --> subquery_columns.sql:8:23
-- |   |
-- | 8 | SELECT k FROM a WHERE k IN (SELECT k, w FROM b);
-- |   |                       ^^^^^^^^^^^^^^^^^^^^^^^^^
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT k FROM a WHERE k IN (SELECT k, w FROM b);
