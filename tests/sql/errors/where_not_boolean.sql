-- | error[sql.type-mismatch]: WHERE needs a condition, not a value of type INT
-- |   --> where_not_boolean.sql:17:27
-- |    |
-- | 17 | SELECT * FROM trips WHERE vendor_id;
-- |    |                           ^^^^^^^^^
-- | hint: Compare the value with something, such as `value > 0`.
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
SELECT * FROM trips WHERE vendor_id;
