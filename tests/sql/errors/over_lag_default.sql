-- | error[sql.type-mismatch]: the default of LAG is CHAR(4), the value DOUBLE
-- |   --> over_lag_default.sql:17:28
-- |    |
-- | 17 | SELECT LAG(fare_amount, 1, 'none') OVER (ORDER BY pickup_at) FROM trips;
-- |    |                            ^^^^^^
-- | hint: CAST it to DOUBLE.
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
SELECT LAG(fare_amount, 1, 'none') OVER (ORDER BY pickup_at) FROM trips;
