-- | error[sql.unknown-function]: unknown function `EQUALS`
-- |   --> operator_as_function.sql:17:8
-- |    |
-- | 17 | SELECT EQUALS(vendor_id, 1) FROM trips;
-- |    |        ^^^^^^
-- | hint: All functions that there are: docs/reference/functions.md.
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
SELECT EQUALS(vendor_id, 1) FROM trips;
