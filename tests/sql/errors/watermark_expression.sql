-- | error[sql.bad-watermark]: the watermark is of type INT; event time is TIMESTAMP or TIMESTAMP_LTZ of at most 3 digits
-- |   --> watermark_expression.sql:7:61
-- |   |
-- | 7 | CREATE TABLE t (a INT, ts TIMESTAMP(3), WATERMARK FOR ts AS a) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                                                             ^
-- | hint: Add a computed column such as `ts AS TO_TIMESTAMP_LTZ(millis, 3)`, and a watermark for it.
CREATE TABLE t (a INT, ts TIMESTAMP(3), WATERMARK FOR ts AS a) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
