-- | error[sql.not-supported]: the format `orc` is not supported yet
-- |   --> later_format.sql:7:79
-- |   |
-- | 7 | CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'orc');
-- |   |                                                                               ^^^^^
-- | hint: Formats: debezium-json, json.
CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'orc');
