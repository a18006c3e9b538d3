-- | error[sql.type-mismatch]: the default of LAG is INT, the value BIGINT
-- |   --> over_lag_default_int.sql:17:42
-- |    |
-- | 17 | SELECT LAG(CAST(vendor_id AS BIGINT), 1, 0) OVER (ORDER BY pickup_at) FROM trips;
-- |    |                                          ^
-- | hint: CAST it to BIGINT.
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
SELECT LAG(CAST(vendor_id AS BIGINT), 1, 0) OVER (ORDER BY pickup_at) FROM trips;
