-- | error[sql.not-supported]: a default of LAG that is never NULL, beside a value that may be NULL, is not supported yet
-- |   --> over_lag_default_null.sql:17:26
-- |    |
-- | 17 | SELECT LAG(vendor_id, 1, 0) OVER (ORDER BY pickup_at) FROM trips;
-- |    |                          ^
-- | hint: Flink 2.3 then gives -1 or '' for a NULL. Write COALESCE(LAG(...), default) without a default inside, or COALESCE the value.
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
SELECT LAG(vendor_id, 1, 0) OVER (ORDER BY pickup_at) FROM trips;
