-- | error[sql.bad-primary-key]: unknown column `b` in the primary key
-- |   --> primary_key_column.sql:7:37
-- |   |
-- | 7 | CREATE TABLE t (a INT, PRIMARY KEY (b) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                                     ^
-- | hint: Columns: a.
CREATE TABLE t (a INT, PRIMARY KEY (b) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
