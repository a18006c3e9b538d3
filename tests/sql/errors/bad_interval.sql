-- | error[sql.bad-literal]: '1 hour' is no interval of HOUR
-- |   --> bad_interval.sql:17:20
-- |    |
-- | 17 | SELECT pickup_at + INTERVAL '1 hour' HOUR FROM trips;
-- |    |                    ^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Write it as INTERVAL '5' HOUR.
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
SELECT pickup_at + INTERVAL '1 hour' HOUR FROM trips;
