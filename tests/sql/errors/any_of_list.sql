-- | error[sql.not-supported]: ANY of a list is not supported yet
-- |   --> any_of_list.sql:9:27
-- |   |
-- | 9 | SELECT k FROM a WHERE k > ANY (1, 2);
-- |   |                           ^^^
-- | hint: Write the comparisons with AND or OR, or IN.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT k FROM a WHERE k > ANY (1, 2);
