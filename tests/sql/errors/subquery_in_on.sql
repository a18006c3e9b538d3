-- | error[sql.not-supported]: IN with a subquery in ON is not supported yet
-- |   --> subquery_in_on.sql:9:43
-- |   |
-- | 9 | SELECT a.k FROM a JOIN b ON a.k = b.k AND a.v IN (SELECT w FROM b);
-- |   |                                           ^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: It may stand in WHERE, HAVING and the SELECT list.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT a.k FROM a JOIN b ON a.k = b.k AND a.v IN (SELECT w FROM b);
