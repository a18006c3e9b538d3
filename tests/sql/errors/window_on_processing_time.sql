-- | error[sql.not-supported]: a window on processing time is not supported yet
-- |   --> window_on_processing_time.sql:10:43
-- |    |
-- | 10 | FROM TABLE(TUMBLE(TABLE plain, DESCRIPTOR(proc), INTERVAL '1' HOUR))
-- |    |                                           ^^^^
-- | hint: Use a column with a WATERMARK.
CREATE TABLE plain (id INT, ts TIMESTAMP(3), proc AS PROCTIME())
WITH ('connector' = 'datagen');
SELECT window_start, window_end, COUNT(*)
FROM TABLE(TUMBLE(TABLE plain, DESCRIPTOR(proc), INTERVAL '1' HOUR))
GROUP BY window_start, window_end;
