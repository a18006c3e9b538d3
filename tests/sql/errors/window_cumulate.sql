-- | error[sql.not-supported]: the window CUMULATE is not supported yet
-- |   --> window_cumulate.sql:18:12
-- |    |
-- | 18 | FROM TABLE(CUMULATE(TABLE trips, DESCRIPTOR(pickup_at), INTERVAL '1' HOUR, INTERVAL '1' DAY))
-- |    |            ^^^^^^^^
-- | hint: TUMBLE and HOP are supported.
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
FROM TABLE(CUMULATE(TABLE trips, DESCRIPTOR(pickup_at), INTERVAL '1' HOUR, INTERVAL '1' DAY))
GROUP BY window_start, window_end;
