-- | error[sql.bad-watermark]: `ts` is of type TIMESTAMP(6); event time is TIMESTAMP or TIMESTAMP_LTZ of at most 3 digits
-- |   --> watermark_precision.sql:7:55
-- |   |
-- | 7 | CREATE TABLE t (a INT, ts TIMESTAMP(6), WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                                                       ^^
-- | hint: Declare it with milliseconds: TIMESTAMP(3).
CREATE TABLE t (a INT, ts TIMESTAMP(6), WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
