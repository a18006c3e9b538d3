-- | error[sql.unknown-column]: the left side has no column `w`
-- |   --> join_using_unknown.sql:9:33
-- |   |
-- | 9 | SELECT a.k FROM a JOIN b USING (w);
-- |   |                                 ^
-- | hint: Columns there: k, v.
CREATE TABLE a (k INT, v STRING) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (k INT, w STRING) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
SELECT a.k FROM a JOIN b USING (w);
