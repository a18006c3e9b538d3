-- | error[sql.bad-argument]: ROW_NUMBER needs an ORDER BY in its OVER
-- |   --> over_without_order.sql:17:32
-- |    |
-- | 17 | SELECT vendor_id, ROW_NUMBER() OVER (PARTITION BY vendor_id) FROM trips;
-- |    |                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Say which row is the first: OVER (PARTITION BY k ORDER BY v DESC).
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
SELECT vendor_id, ROW_NUMBER() OVER (PARTITION BY vendor_id) FROM trips;
