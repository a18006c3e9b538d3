-- | error[sql.bad-watermark]: `ts` is of type BIGINT; event time is TIMESTAMP or TIMESTAMP_LTZ of at most 3 digits
-- |   --> watermark_on_bigint.sql:8:17
-- |   |
-- | 8 |   WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                 ^^
-- | hint: Add a computed column such as `ts AS TO_TIMESTAMP_LTZ(millis, 3)`, and a watermark for it.
CREATE TABLE t (a INT, ts BIGINT,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
