-- | error[sql.syntax]: expected the interval's value, found `vendor_id`
-- |   --> interval_of_column.sql:17:29
-- |    |
-- | 17 | SELECT pickup_at + INTERVAL vendor_id MINUTE FROM trips;
-- |    |                             ^^^^^^^^^
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
SELECT pickup_at + INTERVAL vendor_id MINUTE FROM trips;
