-- | error[sql.type-mismatch]: the default of LAG is NULL, which has no type
-- |   --> over_lag_null.sql:17:26
-- |    |
-- | 17 | SELECT LAG(vendor_id, 1, NULL) OVER (ORDER BY pickup_at) FROM trips;
-- |    |                          ^^^^
-- | hint: Leave it out: NULL is what comes without a default.
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
SELECT LAG(vendor_id, 1, NULL) OVER (ORDER BY pickup_at) FROM trips;
