-- | error[sql.not-supported]: CURRENT_WATERMARK of the results of a GROUP BY is not supported yet
-- |   --> current_watermark_grouped.sql:8:22
-- |   |
-- | 8 | SELECT window_start, CURRENT_WATERMARK(window_time) AS w FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, window_time;
-- |   |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Take it of the table's rows: in WHERE, or in a subquery below the GROUP BY.
CREATE TABLE a (k INT, ts TIMESTAMP(3), v STRING, WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
SELECT window_start, CURRENT_WATERMARK(window_time) AS w FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, window_time;
