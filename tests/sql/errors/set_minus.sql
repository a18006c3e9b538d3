-- | error[sql.syntax]: MINUS is not Flink SQL
-- |   --> set_minus.sql:17:24
-- |    |
-- | 17 | SELECT note FROM trips MINUS SELECT note FROM trips;
-- |    |                        ^^^^^
-- | hint: Write EXCEPT.
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
SELECT note FROM trips MINUS SELECT note FROM trips;
