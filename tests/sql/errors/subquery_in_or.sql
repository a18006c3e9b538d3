-- | error[sql.not-supported]: IN with a subquery inside an expression is not supported yet
-- |   --> subquery_in_or.sql:9:23
-- |   |
-- | 9 | SELECT k FROM a WHERE k IN (SELECT k FROM b) OR k > 3;
-- |   |                       ^^^^^^^^^^^^^^^^^^^^^^
-- | hint: It may stand in WHERE, alone, with NOT, or with others by AND.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT k FROM a WHERE k IN (SELECT k FROM b) OR k > 3;
