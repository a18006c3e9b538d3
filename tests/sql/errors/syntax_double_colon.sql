-- | error[sql.syntax]: unexpected `::`
-- |   --> syntax_double_colon.sql:17:17
-- |    |
-- | 17 | SELECT vendor_id::STRING FROM trips;
-- |    |                 ^
-- | hint: Flink writes CAST(value AS type).
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
SELECT vendor_id::STRING FROM trips;
