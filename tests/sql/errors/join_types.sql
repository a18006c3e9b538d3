-- | error[sql.bad-argument]: = cannot compare STRING with INT
-- |   --> join_types.sql:9:29
-- |   |
-- | 9 | SELECT a.k FROM a JOIN b ON a.v = b.k;
-- |   |                             ^^^^^^^^^
-- | hint: Cast one side to the other's type.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT a.k FROM a JOIN b ON a.v = b.k;
