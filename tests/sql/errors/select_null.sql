-- | error[sql.type-mismatch]: NULL has no type in the SELECT list
-- |   --> select_null.sql:17:8
-- |    |
-- | 17 | SELECT NULL FROM trips;
-- |    |        ^^^^
-- | hint: Write CAST(NULL AS type).
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
SELECT NULL FROM trips;
