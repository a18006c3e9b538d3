-- | error[sql.unknown-format]: unknown format `jsn`
-- |   --> unknown_format.sql:7:79
-- |   |
-- | 7 | CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'jsn');
-- |   |                                                                               ^^^^^
-- | hint: Did you mean `json`?
CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'jsn');
