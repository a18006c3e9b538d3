-- | error[sql.bad-window]: a window aggregation groups by window_start and window_end, and window_end is missing
-- |   --> window_end_missing.sql:19:1
-- |    |
-- | 19 | GROUP BY window_start;
-- |    | ^^^^^^^^^^^^^^^^^^^^^
-- | hint: Add window_end to GROUP BY.
CREATE TABLE trips (
  vendor_id INT,
  fare_amount DOUBLE,
  note STRING,
  tags ARRAY<STRING>,
  place ROW<`zone` INT, city STRING>,
  amounts MAP<STRING, DECIMAL(10, 2)>,
  pickup_at TIMESTAMP(3),
  WATERMARK FOR pickup_at AS pickup_at - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT window_start, COUNT(*)
FROM TABLE(TUMBLE(TABLE trips, DESCRIPTOR(pickup_at), INTERVAL '1' HOUR))
GROUP BY window_start;
