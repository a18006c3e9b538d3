-- | error[sql.bad-watermark]: a table has at most one watermark
-- |   --> watermark_twice.sql:6:58
-- |   |
-- | 6 | CREATE TABLE t (ts TIMESTAMP(3), WATERMARK FOR ts AS ts, WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                                                          ^^^^^^^^^^^^^^^^^^^^^^
CREATE TABLE t (ts TIMESTAMP(3), WATERMARK FOR ts AS ts, WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
