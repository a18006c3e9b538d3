-- | error[sql.not-supported]: APPROX_COUNT_DISTINCT is an estimate of Flink's own, in batch mode only
-- |   --> refused_function.sql:17:8
-- |    |
-- | 17 | SELECT APPROX_COUNT_DISTINCT(vendor_id) FROM trips;
-- |    |        ^^^^^^^^^^^^^^^^^^^^^
-- | hint: Use COUNT(DISTINCT value).
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
SELECT APPROX_COUNT_DISTINCT(vendor_id) FROM trips;
