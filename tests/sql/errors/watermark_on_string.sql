-- | error[sql.bad-watermark]: `ts` is of type STRING; event time is TIMESTAMP or TIMESTAMP_LTZ of at most 3 digits
-- |   --> watermark_on_string.sql:7:49
-- |   |
-- | 7 | CREATE TABLE t (a INT, ts STRING, WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                                                 ^^
-- | hint: Add a computed column such as `ts AS TO_TIMESTAMP(text)`, and a watermark for it.
CREATE TABLE t (a INT, ts STRING, WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
