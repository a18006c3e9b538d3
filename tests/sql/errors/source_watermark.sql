-- | error[sql.not-supported]: SOURCE_WATERMARK asks the source for watermarks, which none of Flink's or Tidemill's connectors gives
-- |   --> source_watermark.sql:8:54
-- |   |
-- | 8 | CREATE TABLE b (ts TIMESTAMP(3), WATERMARK FOR ts AS SOURCE_WATERMARK()) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
-- |   |                                                      ^^^^^^^^^^^^^^^^
-- | hint: Write WATERMARK FOR ts AS ts - INTERVAL '5' SECOND.
CREATE TABLE a (k INT, ts TIMESTAMP(3), v STRING, WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
CREATE TABLE b (ts TIMESTAMP(3), WATERMARK FOR ts AS SOURCE_WATERMARK()) WITH ('connector' = 'kafka', 'topic' = 'b', 'format' = 'json');
