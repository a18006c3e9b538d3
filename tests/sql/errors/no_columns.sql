-- | error[sql.bad-column]: the table `t` has no columns
-- |   --> no_columns.sql:7:14
-- |   |
-- | 7 | CREATE TABLE t WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |              ^
-- | hint: Name the columns with their types.
CREATE TABLE t WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
