-- | error[sql.reserved-word]: expected a column name, found the reserved word `value`
-- |   --> reserved_alias.sql:17:21
-- |    |
-- | 17 | SELECT vendor_id AS value FROM trips;
-- |    |                     ^^^^^
-- | hint: To use it as a name, write it in backticks: `value`.
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
SELECT vendor_id AS value FROM trips;
