-- | error[sql.bad-argument]: ROW_NUMBER takes no frame
-- |   --> over_frame.sql:16:46
-- |    |
-- | 16 | SELECT ROW_NUMBER() OVER (ORDER BY pickup_at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM trips;
-- |    |                                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
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
SELECT ROW_NUMBER() OVER (ORDER BY pickup_at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM trips;
