-- | error[sql.not-supported]: OVER with the name of a window is not supported yet
-- |   --> over_named.sql:17:21
-- |    |
-- | 17 | SELECT ROW_NUMBER() OVER w FROM trips;
-- |    |                     ^^^^^^
-- | hint: Write the window behind OVER, in parentheses.
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
SELECT ROW_NUMBER() OVER w FROM trips;
