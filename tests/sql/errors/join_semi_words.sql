-- | error[sql.syntax]: LEFT SEMI JOIN is not Flink SQL
-- |   --> join_semi_words.sql:9:19
-- |   |
-- | 9 | SELECT a.k FROM a LEFT SEMI JOIN b ON a.k = b.k;
-- |   |                   ^^^^^^^^^
-- | hint: Write WHERE EXISTS (SELECT ...) or NOT EXISTS.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT a.k FROM a LEFT SEMI JOIN b ON a.k = b.k;
