-- | error[sql.bad-argument]: RANGE PRECEDING takes an interval of days to seconds, such as INTERVAL '10' MINUTE
-- |   --> over_frame_value.sql:16:64
-- |    |
-- | 16 | SELECT SUM(fare_amount) OVER (ORDER BY pickup_at RANGE BETWEEN 5 PRECEDING AND CURRENT ROW) FROM trips;
-- |    |                                                                ^^^^^^^^^^^
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
SELECT SUM(fare_amount) OVER (ORDER BY pickup_at RANGE BETWEEN 5 PRECEDING AND CURRENT ROW) FROM trips;
