-- | error[sql.bad-argument]: the frame ends before it starts
-- |   --> over_frame_backwards.sql:16:50
-- |    |
-- | 16 | SELECT SUM(fare_amount) OVER (ORDER BY pickup_at ROWS BETWEEN CURRENT ROW AND 2 PRECEDING) FROM trips;
-- |    |                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
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
SELECT SUM(fare_amount) OVER (ORDER BY pickup_at ROWS BETWEEN CURRENT ROW AND 2 PRECEDING) FROM trips;
