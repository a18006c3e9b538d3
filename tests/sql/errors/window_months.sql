-- | error[sql.bad-window]: a window takes intervals of days, hours, minutes and seconds
-- |   --> window_months.sql:18:55
-- |    |
-- | 18 | FROM TABLE(TUMBLE(TABLE trips, DESCRIPTOR(pickup_at), INTERVAL '1' MONTH))
-- |    |                                                       ^^^^^^^^^^^^^^^^^^
-- | hint: Write it as INTERVAL '10' MINUTE.
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
FROM TABLE(TUMBLE(TABLE trips, DESCRIPTOR(pickup_at), INTERVAL '1' MONTH))
GROUP BY window_start, window_end;
