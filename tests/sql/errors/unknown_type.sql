-- | error[sql.bad-type]: unknown data type `TEXT`
-- |   --> unknown_type.sql:7:19
-- |   |
-- | 7 | CREATE TABLE t (a TEXT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                   ^^^^
-- | hint: Flink's type is STRING.
CREATE TABLE t (a TEXT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
