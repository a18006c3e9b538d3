-- | error[sql.bad-argument]: IN cannot compare INT with STRING
-- |   --> subquery_types.sql:9:23
-- |   |
-- | 9 | SELECT k FROM a WHERE k IN (SELECT w FROM b);
-- |   |                       ^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Cast one side to the other's type.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT k FROM a WHERE k IN (SELECT w FROM b);
