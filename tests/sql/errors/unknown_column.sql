-- | error[sql.unknown-column]: unknown column `fare_amout`
-- |   --> unknown_column.sql:19:3
-- |    |
-- | 19 |   fare_amout * 2
-- |    |   ^^^^^^^^^^
-- | hint: Did you mean `fare_amount`?
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
SELECT
  vendor_id,
  fare_amout * 2
FROM trips;
