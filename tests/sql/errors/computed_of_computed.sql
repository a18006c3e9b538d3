-- | error[sql.unknown-column]: unknown column `b`
-- |   --> computed_of_computed.sql:7:41
-- |   |
-- | 7 | CREATE TABLE t (a INT, b AS a + 1, c AS b + 1) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                                         ^
-- | hint: Columns here: a. A computed column sees no other computed column.
CREATE TABLE t (a INT, b AS a + 1, c AS b + 1) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
