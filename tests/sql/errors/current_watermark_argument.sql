-- | error[sql.bad-argument]: CURRENT_WATERMARK takes a column with a WATERMARK, passed on as it is
-- |   --> current_watermark_argument.sql:8:29
-- |   |
-- | 8 | SELECT k, CURRENT_WATERMARK(v) AS w FROM a;
-- |   |                             ^
-- | hint: Name the column of WATERMARK FOR.
CREATE TABLE a (k INT, ts TIMESTAMP(3), v STRING, WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
SELECT k, CURRENT_WATERMARK(v) AS w FROM a;
