-- | error[sql.duplicate-column]: the column `a` is there twice
-- |   --> duplicate_column.sql:6:31
-- |   |
-- | 6 | CREATE TABLE t (a INT, b INT, a STRING) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                               ^
CREATE TABLE t (a INT, b INT, a STRING) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
