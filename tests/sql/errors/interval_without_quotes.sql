-- | error[sql.syntax]: expected a string with the interval's value, found `5`
-- |   --> interval_without_quotes.sql:17:29
-- |    |
-- | 17 | SELECT pickup_at + INTERVAL 5 MINUTE FROM trips;
-- |    |                             ^
-- | hint: Strings stand in single quotes.
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
SELECT pickup_at + INTERVAL 5 MINUTE FROM trips;
