-- | error[sql.not-supported]: a WHERE over a window's own columns and others below the aggregation is not supported yet
-- |   --> window_filter.sql:19:7
-- |    |
-- | 19 | WHERE window_start + INTERVAL '10' MINUTE > pickup_at
-- |    |       ^^^^^^^^^^^^
-- | hint: Compute the window's start from the row's own time instead.
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
SELECT window_start, window_end, COUNT(*)
FROM TABLE(HOP(TABLE trips, DESCRIPTOR(pickup_at), INTERVAL '1' HOUR, INTERVAL '2' HOUR))
WHERE window_start + INTERVAL '10' MINUTE > pickup_at
GROUP BY window_start, window_end;
