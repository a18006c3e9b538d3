-- | error[sql.not-supported]: TRUNCATE is not supported yet
-- |   --> truncate.sql:17:1
-- |    |
-- | 17 | TRUNCATE TABLE trips;
-- |    | ^^^^^^^^
-- | hint: Empty the table with a client of its server.
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
TRUNCATE TABLE trips;
