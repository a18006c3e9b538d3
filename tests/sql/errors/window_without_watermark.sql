-- | error[sql.not-time-attribute]: the window is over `ts`, which is of type TIMESTAMP(3) and not a time attribute
-- |   --> window_without_watermark.sql:11:43
-- |    |
-- | 11 | FROM TABLE(TUMBLE(TABLE plain, DESCRIPTOR(ts), INTERVAL '1' HOUR))
-- |    |                                           ^^
-- | detail: A window needs event time: a TIMESTAMP(3) or TIMESTAMP_LTZ(3) column with a watermark. An expression or a cast over such a column is no time attribute any more.
-- | hint: Declare WATERMARK FOR ts AS ts - INTERVAL '5' SECOND in the CREATE TABLE, and pass the column on unchanged.
CREATE TABLE plain (id INT, ts TIMESTAMP(3), proc AS PROCTIME())
WITH ('connector' = 'datagen');
SELECT window_start, window_end, COUNT(*)
FROM TABLE(TUMBLE(TABLE plain, DESCRIPTOR(ts), INTERVAL '1' HOUR))
GROUP BY window_start, window_end;
