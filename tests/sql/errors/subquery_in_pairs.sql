-- | error[sql.not-supported]: Flink does not run IN with more than one value inside an expression
-- |   --> subquery_in_pairs.sql:9:11
-- |   |
-- | 9 | SELECT k, (k, v) IN (SELECT k, w FROM b) AS found FROM a;
-- |   |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Let it stand in WHERE, with others by AND or OR.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT k, (k, v) IN (SELECT k, w FROM b) AS found FROM a;
