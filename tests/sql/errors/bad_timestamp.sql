-- | error[sql.bad-literal]: '2024-13-01' is no TIMESTAMP
-- |   --> bad_timestamp.sql:17:39
-- |    |
-- | 17 | SELECT * FROM trips WHERE pickup_at > TIMESTAMP '2024-13-01';
-- |    |                                       ^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Write it as TIMESTAMP '2026-01-31 23:59:59.999'.
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
SELECT * FROM trips WHERE pickup_at > TIMESTAMP '2024-13-01';
