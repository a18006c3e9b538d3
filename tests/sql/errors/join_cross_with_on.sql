-- | error[sql.syntax]: CROSS JOIN takes no condition
-- |   --> join_cross_with_on.sql:9:32
-- |   |
-- | 9 | SELECT a.k FROM a CROSS JOIN b ON a.k = b.k;
-- |   |                                ^^
-- | hint: Write JOIN ... ON.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT a.k FROM a CROSS JOIN b ON a.k = b.k;
