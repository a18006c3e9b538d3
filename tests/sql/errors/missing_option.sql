-- | error[sql.missing-option]: kafka needs the option `topic`
-- |   --> missing_option.sql:7:24
-- |   |
-- | 7 | CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'format' = 'json');
-- |   |                        ^^^^
-- | hint: Add 'topic' = '...' to the WITH clause. The topic.
CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'format' = 'json');
