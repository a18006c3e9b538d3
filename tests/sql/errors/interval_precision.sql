-- | error[sql.bad-literal]: the interval's value 100 has more than 2 digits
-- |   --> interval_precision.sql:17:20
-- |    |
-- | 17 | SELECT pickup_at + INTERVAL '100' SECOND FROM trips;
-- |    |                    ^^^^^^^^^^^^^^^^^^^^^
-- | hint: Write INTERVAL '100' SECOND(3).
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
SELECT pickup_at + INTERVAL '100' SECOND FROM trips;
