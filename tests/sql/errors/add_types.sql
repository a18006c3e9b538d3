-- | error[sql.bad-argument]: + takes INT or another number here, not STRING
-- |   --> add_types.sql:17:8
-- |    |
-- | 17 | SELECT note + TRUE FROM trips;
-- |    |        ^^^^^^^^^^^
-- | hint: Cast the argument: CAST(... AS INT).
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
SELECT note + TRUE FROM trips;
